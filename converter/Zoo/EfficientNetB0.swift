extension Zoo.Architecture {
  static let efficientNetB0 = Self(
    "efficientnet_b0", "EfficientNet-B0 (Tan and Le, 2019), 1x3x224x224"
  ) {
    $0.efficientNetB0()
  }
}

extension NetworkBuilder {
  fileprivate mutating func efficientNetB0() {
    var x = convolution(
      image(), "features.0.0", norm: "features.0.1", channels: 32,
      ZooWindow(kernel: 3, stride: 2), .silu)
    // Expansion, kernel, first stride, channels and repetitions of each stage.
    let stages = [
      (1, 3, 1, 16, 1), (6, 3, 2, 24, 2), (6, 5, 2, 40, 2), (6, 3, 2, 80, 3), (6, 5, 1, 112, 3),
      (6, 5, 2, 192, 4), (6, 3, 1, 320, 1),
    ]
    for (stage, (expansion, kernel, stride, channels, count)) in stages.enumerated() {
      for block in 0..<count {
        x = scaledResidual(
          x, "features.\(stage + 1).\(block).block", expansion, channels,
          ZooWindow(kernel: kernel, stride: block == 0 ? stride : 1))
      }
    }
    x = convolution(
      x, "features.8.0", norm: "features.8.1", channels: 1280, ZooWindow(kernel: 1), .silu)
    classify(x, name: "classifier.1")
  }

  /// An inverted residual whose hidden channels are scaled by squeeze and excitation.
  private mutating func scaledResidual(
    _ x: Feature, _ name: String, _ expansion: Int, _ channels: Int, _ window: ZooWindow
  ) -> Feature {
    let hidden = x.channels * expansion
    var y = x
    if expansion != 1 {
      y = convolution(
        y, name + ".expand", norm: name + ".bn0", channels: hidden, ZooWindow(kernel: 1), .silu)
    }
    y = convolution(
      y, name + ".depthwise", norm: name + ".bn1", channels: hidden, window, groups: hidden,
      .silu)
    y = squeezeExcite(y, name + ".se", squeezed: max(1, x.channels / 4))
    let isResidual = window.stride == 1 && x.channels == channels
    y = convolution(
      y, name + ".project", norm: name + ".bn2", channels: channels, ZooWindow(kernel: 1),
      gain: isResidual ? 0.5 : 1)
    return isResidual ? add(x, y, name: name + ".add") : y
  }
}
