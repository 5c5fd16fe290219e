import EspalierGraph

extension Zoo.Architecture {
  static let biSeNetV2 = Self(
    "bisenetv2", "BiSeNetV2 (Yu et al., 2020), 19 classes, 1x3x512x1024", imageSize: 512
  ) {
    $0.biSeNetV2(classes: 19)
  }
}

extension NetworkBuilder {
  fileprivate mutating func biSeNetV2(classes: Int) {
    let picture = image(aspect: 2)
    let detail = detailBranch(picture)
    let context = contextBranch(picture)
    var x = aggregate(detail, context, "bga")
    x = layer(x, "head.conv", 1024, ZooWindow(kernel: 3))
    x = centred(x, "head.conv_out", channels: classes)
    x = upsample(x, name: "head.upsample", by: 8, isSmooth: true)
    output("logits", x.value, [1, classes, imageSize, 2 * imageSize])
  }

  /// Convolution, batch normalisation and, unless told otherwise, ReLU.
  private mutating func layer(
    _ x: Feature, _ name: String, _ channels: Int, _ window: ZooWindow, groups: Int = 1,
    gain: Float = 1, _ activation: ZooActivation = .relu
  ) -> Feature {
    convolution(
      x, name + ".conv", norm: name + ".bn", channels: channels, window, groups: groups,
      gain: gain, activation)
  }

  /// Wide and shallow: an eighth of the pixels on each side, 128 channels.
  private mutating func detailBranch(_ picture: Feature) -> Feature {
    var x = picture
    for (stage, (channels, count)) in [(64, 2), (64, 3), (128, 3)].enumerated() {
      for index in 0..<count {
        x = layer(
          x, "detail.S\(stage + 1).\(index)", channels,
          ZooWindow(kernel: 3, stride: index == 0 ? 2 : 1))
      }
    }
    return x
  }

  /// Narrow and deep: a 32nd of the pixels on each side, 128 channels, and what all of them say.
  private mutating func contextBranch(_ picture: Feature) -> Feature {
    let stem = layer(picture, "segment.S1S2.conv", 16, ZooWindow(kernel: 3, stride: 2))
    let narrow = layer(stem, "segment.S1S2.left.0", 8, ZooWindow(kernel: 1))
    let left = layer(narrow, "segment.S1S2.left.1", 16, ZooWindow(kernel: 3, stride: 2))
    let right = maxPool(stem, name: "segment.S1S2.right")
    var x = layer(
      concat([left, right], name: "segment.S1S2.concat"), "segment.S1S2.fuse", 16,
      ZooWindow(kernel: 3))
    for (stage, (channels, count)) in [(32, 2), (64, 2), (128, 4)].enumerated() {
      for index in 0..<count {
        let name = "segment.S\(stage + 3).\(index)"
        x = index == 0 ? gatherDown(x, name, channels) : gather(x, name)
      }
    }
    let name = "segment.S5_5"
    let pooled = batchNorm(globalPool(x, name: name + ".mean"), name + ".bn")
    let global = layer(pooled, name + ".conv_gap", x.channels, ZooWindow(kernel: 1))
    return layer(
      add(global, x, name: name + ".add"), name + ".conv_last", x.channels, ZooWindow(kernel: 3))
  }

  /// Gather and expand: a depthwise layer of six times the channels, with a residual.
  private mutating func gather(_ x: Feature, _ name: String) -> Feature {
    let hidden = 6 * x.channels
    let first = layer(x, name + ".conv1", x.channels, ZooWindow(kernel: 3))
    let wide = layer(first, name + ".dwconv", hidden, ZooWindow(kernel: 3), groups: x.channels)
    let narrow = layer(wide, name + ".conv2", x.channels, ZooWindow(kernel: 1), gain: 0.5, .none)
    return activate(add(narrow, x, name: name + ".add"), .relu, name)
  }

  /// Gather and expand at half the height and width.
  private mutating func gatherDown(_ x: Feature, _ name: String, _ channels: Int) -> Feature {
    let hidden = 6 * x.channels
    let down = ZooWindow(kernel: 3, stride: 2)
    var y = layer(x, name + ".conv1", x.channels, ZooWindow(kernel: 3))
    y = layer(y, name + ".dwconv1", hidden, down, groups: x.channels, .none)
    y = layer(y, name + ".dwconv2", hidden, ZooWindow(kernel: 3), groups: hidden)
    y = layer(y, name + ".conv2", channels, ZooWindow(kernel: 1), .none)
    let shortcut = layer(x, name + ".shortcut.0", x.channels, down, groups: x.channels, .none)
    let other = layer(shortcut, name + ".shortcut.1", channels, ZooWindow(kernel: 1), .none)
    return activate(add(y, other, name: name + ".add"), .relu, name)
  }

  /// Guided aggregation: each branch is gated by the other, at both resolutions.
  private mutating func aggregate(_ x: Feature, _ y: Feature, _ name: String) -> Feature {
    let channels = x.channels
    let (pointwise, wide) = (ZooWindow(kernel: 1), ZooWindow(kernel: 3))
    let kept = plain(
      layer(x, name + ".left1.0", channels, wide, groups: channels, .none), name + ".left1.1",
      channels: channels, pointwise)
    let small = averagePool(
      layer(x, name + ".left2", channels, ZooWindow(kernel: 3, stride: 2), .none),
      name: name + ".left2.pool", ZooWindow(kernel: 3, stride: 2))
    let lifted = upsample(
      layer(y, name + ".right1", channels, wide, .none), name: name + ".up1", by: 4)
    let gate = plain(
      layer(y, name + ".right2.0", channels, wide, groups: channels, .none), name + ".right2.1",
      channels: channels, pointwise)
    let detail = scale(
      kept, by: activate(lifted, .sigmoid, name + ".right1"), name: name + ".left")
    let context = scale(
      small, by: activate(gate, .sigmoid, name + ".right2"), name: name + ".right")
    let sum = add(detail, upsample(context, name: name + ".up2", by: 4), name: name + ".add")
    return layer(sum, name + ".conv", channels, wide)
  }
}
