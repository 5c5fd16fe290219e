extension Zoo.Architecture {
  static let mobileNetV1 = Self(
    "mobilenet_v1", "MobileNet 1.0 (Howard et al., 2017), 1x3x224x224"
  ) {
    $0.mobileNetV1()
  }
}

extension NetworkBuilder {
  fileprivate mutating func mobileNetV1() {
    var x = convolution(
      image(), "conv0", norm: "bn0", channels: 32, ZooWindow(kernel: 3, stride: 2), .relu)
    // Channels and stride of each separable block.
    let blocks =
      [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
      + Array(repeating: (512, 1), count: 5) + [(1024, 2), (1024, 1)]
    for (index, (channels, stride)) in blocks.enumerated() {
      let name = "block\(index + 1)"
      x = convolution(
        x, name + ".depthwise", norm: name + ".bn1", channels: x.channels,
        ZooWindow(kernel: 3, stride: stride), groups: x.channels, .relu)
      x = convolution(
        x, name + ".pointwise", norm: name + ".bn2", channels: channels, ZooWindow(kernel: 1),
        .relu)
    }
    classify(x, name: "fc")
  }
}
