extension Zoo.Architecture {
  static let denseNet121 = Self("densenet121", "DenseNet-121 (Huang et al., 2016), 1x3x224x224") {
    $0.denseNet(blocks: [6, 12, 24, 16], growth: 32)
  }
}

extension NetworkBuilder {
  fileprivate mutating func denseNet(blocks: [Int], growth: Int) {
    let stem = convolution(
      image(), "features.conv0", norm: "features.norm0", channels: 2 * growth,
      ZooWindow(kernel: 7, stride: 2), .relu)
    var x = maxPool(stem, name: "features.pool0")
    for (block, layers) in blocks.enumerated() {
      x = denseBlock(x, "features.denseblock\(block + 1)", layers, growth)
      if block < blocks.count - 1 {
        x = transition(x, "features.transition\(block + 1)")
      }
    }
    x = activate(batchNorm(x, "features.norm5"), .relu, "features.norm5")
    classify(x, name: "classifier")
  }

  /// Layers that each read the block's input and all earlier layers' outputs.
  private mutating func denseBlock(
    _ x: Feature, _ name: String, _ layers: Int, _ growth: Int
  ) -> Feature {
    var features = [x]
    for layer in 1...layers {
      let name = "\(name).denselayer\(layer)"
      let all = layer == 1 ? x : concat(features, name: name + ".concat")
      let y = convolution(
        activate(batchNorm(all, name + ".norm1"), .relu, name + ".norm1"), name + ".conv1",
        norm: name + ".norm2", channels: 4 * growth, ZooWindow(kernel: 1), .relu)
      features.append(plain(y, name + ".conv2", channels: growth, ZooWindow(kernel: 3)))
    }
    return concat(features, name: name + ".concat")
  }

  /// Half the channels, and a quarter of the pixels.
  private mutating func transition(_ x: Feature, _ name: String) -> Feature {
    let normed = activate(batchNorm(x, name + ".norm"), .relu, name + ".norm")
    let y = plain(normed, name + ".conv", channels: x.channels / 2, ZooWindow(kernel: 1))
    return averagePool(y, name: name + ".pool", ZooWindow(kernel: 2, stride: 2))
  }
}
