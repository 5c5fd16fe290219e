extension Zoo.Architecture {
  static let mobileNetV2 = Self(
    "mobilenet_v2", "MobileNetV2 1.0 (Sandler et al., 2018), 1x3x224x224"
  ) {
    $0.mobileNetV2()
  }
}

extension NetworkBuilder {
  fileprivate mutating func mobileNetV2() {
    var x = convolution(
      image(), "features.0.0", norm: "features.0.1", channels: 32,
      ZooWindow(kernel: 3, stride: 2), .relu6)
    // Expansion, channels, repetitions and first stride of each stage.
    let stages = [
      (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
      (6, 320, 1, 1),
    ]
    var index = 1
    for (expansion, channels, count, stride) in stages {
      for block in 0..<count {
        x = invertedResidual(
          x, "features.\(index).conv", expansion, channels, stride: block == 0 ? stride : 1)
        index += 1
      }
    }
    x = convolution(
      x, "features.18.0", norm: "features.18.1", channels: 1280, ZooWindow(kernel: 1), .relu6)
    classify(x, name: "classifier.1")
  }

  private mutating func invertedResidual(
    _ x: Feature, _ name: String, _ expansion: Int, _ channels: Int, stride: Int
  ) -> Feature {
    let hidden = x.channels * expansion
    var y = x
    if expansion != 1 {
      y = convolution(
        y, name + ".expand", norm: name + ".bn0", channels: hidden, ZooWindow(kernel: 1), .relu6)
    }
    y = convolution(
      y, name + ".depthwise", norm: name + ".bn1", channels: hidden,
      ZooWindow(kernel: 3, stride: stride), groups: hidden, .relu6)
    let isResidual = stride == 1 && x.channels == channels
    y = convolution(
      y, name + ".project", norm: name + ".bn2", channels: channels, ZooWindow(kernel: 1),
      gain: isResidual ? 0.5 : 1)
    return isResidual ? add(x, y, name: name + ".add") : y
  }
}
