extension Zoo.Architecture {
  static let resNet18 = Self("resnet18", "ResNet-18 (He et al., 2015), 1x3x224x224") {
    $0.resNet(blocks: [2, 2, 2, 2], isBottleneck: false)
  }

  static let resNet50 = Self(
    "resnet50", "ResNet-50 (He et al., 2015; stride in the 3x3), 1x3x224x224"
  ) {
    $0.resNet(blocks: [3, 4, 6, 3], isBottleneck: true)
  }
}

extension NetworkBuilder {
  fileprivate mutating func resNet(blocks: [Int], isBottleneck: Bool) {
    var x = convolution(
      image(), "conv1", norm: "bn1", channels: 64, ZooWindow(kernel: 7, stride: 2), .relu)
    x = maxPool(x, name: "maxpool")
    for (stage, count) in blocks.enumerated() {
      for block in 0..<count {
        x = residualBlock(
          x, "layer\(stage + 1).\(block)", width: 64 << stage,
          stride: stage > 0 && block == 0 ? 2 : 1, isBottleneck: isBottleneck)
      }
    }
    classify(x, name: "fc")
  }

  private mutating func residualBlock(
    _ x: Feature, _ name: String, width: Int, stride: Int, isBottleneck: Bool
  ) -> Feature {
    let channels = isBottleneck ? 4 * width : width
    let wide = ZooWindow(kernel: 3, stride: stride)
    var y: Feature
    if isBottleneck {
      y = convolution(
        x, name + ".conv1", norm: name + ".bn1", channels: width, ZooWindow(kernel: 1), .relu)
      y = convolution(y, name + ".conv2", norm: name + ".bn2", channels: width, wide, .relu)
      y = convolution(
        y, name + ".conv3", norm: name + ".bn3", channels: channels, ZooWindow(kernel: 1),
        gain: 0.5)
    } else {
      y = convolution(x, name + ".conv1", norm: name + ".bn1", channels: width, wide, .relu)
      y = convolution(
        y, name + ".conv2", norm: name + ".bn2", channels: channels, ZooWindow(kernel: 3),
        gain: 0.5)
    }
    var shortcut = x
    if stride != 1 || x.channels != channels {
      shortcut = convolution(
        x, name + ".downsample.0", norm: name + ".downsample.1", channels: channels,
        ZooWindow(kernel: 1, stride: stride))
    }
    return activate(add(y, shortcut, name: name + ".add"), .relu, name + ".add")
  }
}
