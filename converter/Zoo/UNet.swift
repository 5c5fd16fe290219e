extension Zoo.Architecture {
  static let uNet = Self(
    "unet", "U-Net (Ronneberger et al., 2015; padded, batch norm), 2 classes, 1x3x256x256",
    imageSize: 256
  ) {
    $0.uNet(classes: 2)
  }
}

extension NetworkBuilder {
  fileprivate mutating func uNet(classes: Int) {
    var x = twice(image(), "inc", 64)
    var skipped: [Feature] = []
    for level in 1...4 {
      skipped.append(x)
      let pooled = maxPool(
        x, name: "down\(level).pool", ZooWindow(kernel: 2, stride: 2), rise: 1.2)
      x = twice(pooled, "down\(level)", 64 << level)
    }
    for level in 1...4 {
      let skip = skipped.removeLast()
      let larger = transposed(
        x, "up\(level).up", channels: skip.channels, ZooWindow(kernel: 2, stride: 2),
        hasBias: true)
      x = twice(
        concat([skip, larger], name: "up\(level).concat"), "up\(level)", skip.channels)
    }
    x = centred(x, "outc", channels: classes)
    output("logits", x.value, [1, classes, imageSize, imageSize])
  }

  /// Two convolutions, each with batch normalisation and ReLU.
  private mutating func twice(_ x: Feature, _ name: String, _ channels: Int) -> Feature {
    var y = x
    for (conv, norm) in [(0, 1), (3, 4)] {
      y = convolution(
        y, "\(name).double_conv.\(conv)", norm: "\(name).double_conv.\(norm)",
        channels: channels, ZooWindow(kernel: 3), .relu)
    }
    return y
  }
}
