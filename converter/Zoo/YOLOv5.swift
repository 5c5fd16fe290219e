import EspalierGraph

extension Zoo.Architecture {
  static let yoloV5m = Self(
    "yolov5m", "YOLOv5m, release 6 (Jocher, 2021), 80 classes, 1x3x640x640", imageSize: 640
  ) {
    $0.yoloV5m()
  }
}

extension NetworkBuilder {
  /// Depth 0.67 and width 0.75 of the family's plan; boxes, scores and classes are "output".
  fileprivate mutating func yoloV5m() {
    batchNormEpsilon = 1e-3
    var x = layer(image(), "model.0", channels: 48, ZooWindow(kernel: 6, stride: 2))
    let stages = [(96, 2), (192, 4), (384, 6), (768, 2)]
    var levels: [Feature] = []
    for (stage, (channels, count)) in stages.enumerated() {
      let down = ZooWindow(kernel: 3, stride: 2)
      x = layer(x, "model.\(2 * stage + 1)", channels: channels, down)
      x = crossStage(x, "model.\(2 * stage + 2)", channels, count, isResidual: true)
      levels.append(x)
    }
    x = pyramidPool(x, "model.9")

    // Down the pyramid and up again; what stays of each level is joined on the way.
    let wide = layer(x, "model.10", channels: 384, ZooWindow(kernel: 1))
    x = merged(upsample(wide, name: "model.11", by: 2), levels[2], 12, 384)
    let middle = layer(x, "model.14", channels: 192, ZooWindow(kernel: 1))
    let fine = merged(upsample(middle, name: "model.15", by: 2), levels[1], 16, 192)
    let down = ZooWindow(kernel: 3, stride: 2)
    let halved = layer(fine, "model.18", channels: 192, down)
    let medium = merged(halved, middle, 19, 384)
    let quartered = layer(medium, "model.21", channels: 384, down)
    let coarse = merged(quartered, wide, 22, 768)
    detect([fine, medium, coarse], "model.24")
  }

  /// Convolution, batch normalisation and SiLU.
  ///
  /// Batch normalisation gives less than a deviation of 1, as trained networks do: where SiLU bends
  /// little, rounding errors do not grow from layer to layer.
  private mutating func layer(
    _ x: Feature, _ name: String, channels: Int, _ window: ZooWindow
  ) -> Feature {
    convolution(x, name + ".conv", norm: name + ".bn", channels: channels, window, gain: 0.3, .silu)
  }

  /// Two features joined (module `index`) and mixed (the next module).
  private mutating func merged(
    _ x: Feature, _ other: Feature, _ index: Int, _ channels: Int
  ) -> Feature {
    crossStage(
      concat([x, other], name: "model.\(index)"), "model.\(index + 1)", channels, 2,
      isResidual: false)
  }

  /// C3: half the channels pass bottlenecks, half only one convolution.
  private mutating func crossStage(
    _ x: Feature, _ name: String, _ channels: Int, _ count: Int, isResidual: Bool
  ) -> Feature {
    let hidden = channels / 2
    var y = layer(x, name + ".cv1", channels: hidden, ZooWindow(kernel: 1))
    for index in 0..<count {
      let block = "\(name).m.\(index)"
      let narrow = layer(y, block + ".cv1", channels: hidden, ZooWindow(kernel: 1))
      let wide = layer(narrow, block + ".cv2", channels: hidden, ZooWindow(kernel: 3))
      y = isResidual ? add(y, wide, name: block + ".add") : wide
    }
    let other = layer(x, name + ".cv2", channels: hidden, ZooWindow(kernel: 1))
    return layer(
      concat([y, other], name: name + ".concat"), name + ".cv3", channels: channels,
      ZooWindow(kernel: 1))
  }

  /// SPPF: maxima over 5, 9 and 13 pixels, beside the feature itself.
  private mutating func pyramidPool(_ x: Feature, _ name: String) -> Feature {
    var pooled = [layer(x, name + ".cv1", channels: x.channels / 2, ZooWindow(kernel: 1))]
    // Measured for noise, where SiLU stretches the upper half: maxima of 25 pixels lie 2.5 deviations
    // above the mean, those of 81 and 169 not much higher.
    for (index, rise) in [Float(2.47), 0.86, 0.46].enumerated() {
      pooled.append(
        maxPool(pooled[index], name: "\(name).m.\(index)", ZooWindow(kernel: 5), rise: rise))
    }
    return layer(
      concat(pooled, name: name + ".concat"), name + ".cv2", channels: x.channels,
      ZooWindow(kernel: 1))
  }

  /// Three anchors at each pixel of each level: centre, extent, score and 80 classes in a row.
  private mutating func detect(_ levels: [Feature], _ name: String) {
    let (anchors, numbers) = (3, 85)
    var rows: [Graph.ValueID] = []
    var total = 0
    for (index, level) in levels.enumerated() {
      let name = "\(name).m.\(index)"
      let stride = 8 << index
      let side = imageSize / stride
      let raw = centred(level, name, channels: anchors * numbers)
      let split = reshape(raw.value, name + ".split", [1, anchors, numbers, side, side])
      let last = node(
        "Transpose", [split], name: name + ".last",
        attributes: ["perm": .integers([0, 1, 3, 4, 2])])
      let boxes = decoded(
        node("Sigmoid", [last], name: name + ".sigmoid"), name, index, stride: stride, side: side)
      let count = anchors * side * side
      rows.append(reshape(boxes, name + ".rows", [1, count, numbers]))
      total += count
    }
    let all = node("Concat", rows, name: name, attributes: ["axis": .integer(1)])
    output("output", all, [1, total, numbers])
  }

  /// Centres relative to their pixel and extents relative to their anchor, both in image pixels.
  private mutating func decoded(
    _ x: Graph.ValueID, _ name: String, _ level: Int, stride: Int, side: Int
  ) -> Graph.ValueID {
    let anchors: [[Float]] = [
      [10, 13, 16, 30, 33, 23], [30, 61, 62, 45, 59, 119], [116, 90, 156, 198, 373, 326],
    ]
    var corners: [Float] = []
    for row in 0..<side {
      for column in 0..<side { corners += [Float(column) - 0.5, Float(row) - 0.5] }
    }
    let grid = fixed(name + ".grid", Tensor(corners, shape: [1, 1, side, side, 2]))
    let extents = fixed(name + ".anchors", Tensor(anchors[level], shape: [1, 3, 1, 1, 2]))
    let two = fixed(name + ".two", Tensor([2], shape: []))
    let pixels = fixed(name + ".stride", Tensor([Float(stride)], shape: []))
    let sizes = fixed(name + ".parts.sizes", Tensor(integers: [2, 2, 81]))
    let parts = split(x, name + ".parts", sizes: sizes, count: 3)
    let doubled = node("Mul", [parts[0], two], name: name + ".centre.double")
    let shifted = node("Add", [doubled, grid], name: name + ".centre.shift")
    let centres = node("Mul", [shifted, pixels], name: name + ".centre")
    let scaled = node("Mul", [parts[1], two], name: name + ".extent.double")
    let squared = node("Pow", [scaled, two], name: name + ".extent.square")
    let sides = node("Mul", [squared, extents], name: name + ".extent")
    return node(
      "Concat", [centres, sides, parts[2]], name: name + ".boxes",
      attributes: ["axis": .integer(4)])
  }
}
