import EspalierGraph

private func windows(
  _ kernel: [Int64]? = nil, strides: [Int64]? = nil, pads: [Int64]? = nil,
  dilations: [Int64]? = nil, group: Int64? = nil, autoPad: String? = nil, ceil: Bool = false
) -> [String: Attribute] {
  var result: [String: Attribute] = [:]
  result["kernel_shape"] = kernel.map { .integers($0) }
  result["strides"] = strides.map { .integers($0) }
  result["pads"] = pads.map { .integers($0) }
  result["dilations"] = dilations.map { .integers($0) }
  result["group"] = group.map { .integer($0) }
  result["auto_pad"] = autoPad.map { text($0) }
  if ceil { result["ceil_mode"] = .integer(1) }
  return result
}

extension CaseBuilder {
  mutating func convolutions() {
    add("two axes", [some(2, 3, 5, 7), some(4, 3, 3, 2), some(4)], windows(pads: [1, 0, 1, 1]))
    add("no bias", [some(1, 3, 5, 5), some(4, 3, 3, 3)])
    add("one tap", [some(2, 3, 4, 5), some(5, 3, 1, 1), some(5)])
    add(
      "strides and dilations", [some(1, 2, 9, 8), some(3, 2, 3, 3), some(3)],
      windows(strides: [2, 1], pads: [2, 1, 0, 1], dilations: [1, 2]))
    add("groups", [some(2, 4, 5, 5), some(6, 2, 3, 3), some(6)], windows(group: 2))
    add(
      "a group for each channel", [some(1, 4, 6, 5), some(4, 1, 3, 3), some(4)],
      windows(pads: [1, 1, 1, 1], group: 4))
    add("two outputs for each channel", [some(1, 3, 5, 5), some(6, 1, 3, 3)], windows(group: 3))
    for mode in ["SAME_UPPER", "SAME_LOWER", "VALID"] {
      add(mode, [some(1, 2, 5, 6), some(3, 2, 2, 3)], windows(strides: [2, 2], autoPad: mode))
    }
    add("one axis", [some(2, 3, 9), some(4, 3, 3), some(4)], windows(pads: [1, 1]))
    add("three axes", [some(1, 2, 3, 4, 5), some(2, 2, 2, 2, 3), some(2)])
    add("one channel", [some(1, 1, 4, 4), some(1, 1, 3, 3), some(1)])
    add("one row and one column", [some(1, 3, 1, 1), some(2, 3, 1, 1), some(2)])
    add("no images", [some(0, 2, 4, 4), some(3, 2, 3, 3)])
  }

  mutating func transposedConvolutions() {
    add("two axes", [some(2, 3, 4, 5), some(3, 2, 3, 2), some(2)])
    add("no bias", [some(1, 3, 4, 4), some(3, 2, 3, 3)], windows(pads: [1, 1, 1, 1]))
    add(
      "strides and padding of the output", [some(1, 2, 3, 4), some(2, 3, 3, 3), some(3)],
      windows(strides: [2, 3], pads: [1, 0, 1, 1]).merging([
        "output_padding": .integers([1, 2])
      ]) { $1 })
    add(
      "an output's shape", [some(1, 2, 3, 3), some(2, 2, 3, 3)],
      windows(strides: [2, 2]).merging(["output_shape": .integers([6, 7])]) { $1 })
    add("groups", [some(1, 4, 3, 3), some(4, 3, 2, 2), some(6)], windows(group: 2))
    add("dilations", [some(1, 2, 4, 4), some(2, 2, 2, 3)], windows(dilations: [2, 1]))
    add("one axis", [some(2, 3, 5), some(3, 2, 4), some(2)], windows(strides: [2], pads: [1, 2]))
    add("three axes", [some(1, 2, 2, 3, 2), some(2, 2, 2, 2, 3)], windows(strides: [1, 2, 1]))
    for mode in ["SAME_UPPER", "SAME_LOWER"] {
      add(mode, [some(1, 2, 3, 4), some(2, 2, 3, 3)], windows(strides: [2, 2], autoPad: mode))
    }
    add("one tap", [some(1, 2, 3, 3), some(2, 4, 1, 1), some(4)])
    add(
      "pads beyond the kernel", [some(1, 4, 6, 7), some(4, 3, 3, 3)],
      windows(strides: [2, 2], pads: [3, 2, 3, 3]))
    add(
      "pads beyond the kernel on one axis, of groups", [some(2, 4, 9), some(4, 2, 2), some(4)],
      windows(strides: [3], pads: [5, 4], dilations: [2], group: 2))
    add(
      "pads beyond the kernel on three axes", [some(1, 2, 5, 4, 6), some(2, 3, 1, 2, 1), some(3)],
      windows(strides: [1, 2, 2], pads: [1, 3, 4, 0, 0, 2]))
    add(
      "pads beyond all inputs", [some(1, 2, 1), some(2, 2, 1), some(2)],
      windows(strides: [2], pads: [1, 0]).merging(["output_padding": .integers([1])]) { $1 })
  }

  mutating func maxPools() {
    add("two axes", [some(2, 3, 5, 6)], windows([2, 3]))
    add(
      "padding, strides and positions", [some(1, 2, 7, 6)],
      windows([3, 2], strides: [2, 1], pads: [1, 0, 1, 1]), outputs: 2)
    add(
      "positions by columns", [some(1, 2, 4, 5)],
      windows([2, 2]).merging(["storage_order": .integer(1)]) { $1 }, outputs: 2)
    add("partial windows", [some(1, 2, 6, 6)], windows([3, 3], strides: [2, 2], ceil: true))
    add("dilations", [some(1, 2, 6, 7)], windows([2, 2], dilations: [2, 3]))
    for mode in ["SAME_UPPER", "SAME_LOWER"] {
      add(mode, [some(1, 2, 5, 5)], windows([3, 2], strides: [2, 2], autoPad: mode))
    }
    add("one axis", [some(2, 3, 9)], windows([4], strides: [3]))
    add("three axes", [some(1, 2, 4, 3, 5)], windows([2, 2, 3]))
    add("no images", [some(0, 2, 3, 3)], windows([2, 2]))
  }

  mutating func averagePools() {
    add("two axes", [some(2, 3, 5, 6)], windows([2, 3]))
    for counts in [0, 1] as [Int64] {
      add(
        counts == 0 ? "padding" : "padding that counts", [some(1, 2, 7, 6)],
        windows([3, 2], strides: [2, 1], pads: [1, 0, 1, 1]).merging([
          "count_include_pad": .integer(counts)
        ]) { $1 })
      add(
        "partial windows, \(counts)", [some(1, 2, 6, 6)],
        windows([3, 3], strides: [2, 2], pads: [1, 1, 0, 0], ceil: true).merging([
          "count_include_pad": .integer(counts)
        ]) { $1 })
    }
    add("dilations", [some(1, 2, 6, 7)], windows([2, 2], dilations: [2, 3]))
    add("SAME_UPPER", [some(1, 2, 5, 5)], windows([3, 2], strides: [2, 2], autoPad: "SAME_UPPER"))
    add("one axis", [some(2, 3, 9)], windows([4], strides: [3]))
    add("three axes", [some(1, 2, 4, 3, 5)], windows([2, 2, 3], pads: [1, 0, 0, 0, 1, 0]))
  }

  mutating func lpPools() {
    for power in [1, 2, 3] as [Int64] {
      add(
        "power \(power)", [some(2, 3, 7, 6)],
        windows([3, 2], strides: [2, 1], pads: [1, 0, 1, 1]).merging(["p": .integer(power)]) { $1 })
    }
    add("defaults of one axis", [some(1, 2, 5)], windows([2]))
    add("three axes", [some(1, 2, 3, 3, 4)], windows([2, 2, 2]))
  }

  mutating func globalPools() {
    for shape in [[2, 3, 4, 5], [2, 3, 7], [1, 2, 2, 3, 4], [1, 1, 1, 1], [0, 2, 3, 3]] {
      add("\(shape)", [some(shape)])
    }
  }

  mutating func resizes() {
    let image = some(1, 2, 4, 5)
    for mode in ["nearest", "linear", "cubic"] {
      add("\(mode), sizes", [image, nil, nil, list(1, 2, 7, 8)], ["mode": text(mode)])
      add(
        "\(mode), factors", [image, nil, Tensor([1, 1, 1.5, 0.6], shape: [4])],
        ["mode": text(mode), "coordinate_transformation_mode": text("asymmetric")])
      add(
        "\(mode), corners", [image, nil, nil, list(1, 2, 3, 9)],
        ["mode": text(mode), "coordinate_transformation_mode": text("align_corners")])
    }
    add(
      "some axes", [image, nil, nil, list(3, 7)],
      ["mode": text("linear"), "axes": .integers([2, 3])])
    add(
      "antialiased", [image, nil, nil, list(1, 2, 2, 3)],
      ["mode": text("linear"), "antialias": .integer(1)])
    add(
      "a region",
      [image, Tensor([0, 0, 0.1, 0.2, 1, 1, 0.8, 1.2], shape: [8]), nil, list(1, 2, 3, 6)],
      [
        "mode": text("linear"), "coordinate_transformation_mode": text("tf_crop_and_resize"),
        "extrapolation_value": .float(9),
      ])
    add(
      "proportions kept", [image, nil, nil, list(7, 7)],
      [
        "mode": text("linear"), "axes": .integers([2, 3]),
        "keep_aspect_ratio_policy": text("not_larger"),
      ])
    add("channels too", [some(2, 3, 4), nil, nil, list(2, 5, 3)], ["mode": text("linear")])
    add("nothing", [image, nil, nil, list(1, 2, 4, 5)])
    add(
      "a named axis that stays", [image, nil, nil, list(9, 4)],
      ["mode": text("linear"), "axes": .integers([3, 2])])
    add(
      "factors that keep an extent", [image, nil, Tensor([1, 1, 1.2, 1.1], shape: [4])],
      ["mode": text("linear")])
    add("opset 10", [image, Tensor([1, 1, 2, 3], shape: [4])], opset: 10)
  }

  mutating func upsamples() {
    add("factors as an input", [some(1, 2, 3, 4), Tensor([1, 1, 2, 1.5], shape: [4])], opset: 9)
    add(
      "linear", [some(1, 2, 3, 4), Tensor([1, 1, 2, 3], shape: [4])], ["mode": text("linear")],
      opset: 9)
    add(
      "factors as an attribute", [some(1, 2, 3)], ["scales": .floats([1, 1, 2])], opset: 7)
  }
}
