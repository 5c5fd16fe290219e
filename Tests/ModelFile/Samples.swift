import EspalierModelFile

/// Small models that make use of all that the format has.
enum Samples {
  /// conv (vector-wise 2:4) → relu in place → reshape as a view → linear (strict 2:4) → add in place.
  static func small() -> ModelDescription {
    var model = ModelDescription()
    model.producer = "espalier tests"
    model.source = "small.onnx"
    model.tensors = [
      tensor("x", [1, 4, 3, 3], .arena(offset: 0)),
      tensor("a", [1, 8, 3, 3], .arena(offset: 192)),
      tensor("bias", [8], .constant(0)),
      tensor("r", [1, 8, 3, 3], .arena(offset: 192)),
      tensor("flat", [1, 72], .view(of: 3, offset: 0)),
      tensor("l", [1, 5], .arena(offset: 0)),
      tensor("y", [1, 5], .arena(offset: 0)),
      tensor("offset", [5], .constant(1)),
    ]
    model.constants = [
      .floats((0..<8).map { Float($0) / 8 }), .floats([1, 2, 3, 4, 5]),
    ]
    model.weights = [
      Packer(sparse(rows: 8, channels: 4, taps: 9, shared: 4)).panels(
        height: 4, encoding: .vectorwise, pattern: [2, 4, 4]),
      Packer(sparse(rows: 5, channels: 72, taps: 1, shared: 1)).patternGroups(
        block: 64, encoding: .strict, pattern: [2, 4, 1]),
    ]
    // As the golden files have it.
    model.weights[1].panelsPerList = 0
    model.weights[0].times = MeasuredTimes(chosen: 700, dense: 1300)
    model.device = "a processor, 1 thread"
    model.steps = [
      StepDescription(
        kind: .convolution, name: "/conv", operation: "Conv", inputs: [0, 2], outputs: [1],
        integers: [3, 3, 1, 1, 1, 1, 1, 1, 0], floats: [0, 0], weight: 0,
        multiplyAccumulates: 2592),
      StepDescription(
        kind: .unary, name: "/relu", operation: "Relu", inputs: [1], outputs: [3], integers: [1],
        floats: [0, 0]),
      StepDescription(
        kind: .linear, name: "/linear", operation: "Gemm", inputs: [4, -1, -1], outputs: [5],
        integers: [0], floats: [0, 0], weight: 1, multiplyAccumulates: 360),
      StepDescription(
        kind: .binary, name: "/add", operation: "Add", inputs: [5, 7], outputs: [6], integers: [1]),
    ]
    model.inputs = [0]
    model.outputs = [6]
    return model
  }

  /// A model of one linear step whose weight is given.
  static func linear(_ weight: WeightDescription) -> ModelDescription {
    var model = ModelDescription()
    model.tensors = [
      tensor("x", [1, weight.columns], .arena(offset: 0)),
      tensor("y", [1, weight.rows], .arena(offset: (weight.columns * 4 + 63) / 64 * 64)),
    ]
    model.weights = [weight]
    model.steps = [
      StepDescription(
        kind: .linear, inputs: [0], outputs: [1], integers: [0], floats: [0, 0], weight: 0)
    ]
    model.inputs = [0]
    model.outputs = [1]
    return model
  }

  static func tensor(_ name: String, _ dims: [Int], _ placement: TensorPlacement)
    -> TensorDescription
  {
    TensorDescription(name: name, type: .f32, dims: dims, placement: placement)
  }

  /// A matrix of 2:4 along channels, alike for `shared` rows, without any other regularity.
  static func sparse(rows: Int, channels: Int, taps: Int, shared: Int) -> [[Float]] {
    (0..<rows).map { row in
      (0..<channels * taps).map { column in
        let (channel, tap) = column.quotientAndRemainder(dividingBy: taps)
        let first = (row / shared + tap + channel / 4) % 4
        let second = (first + 1 + (row / shared + channel / 4) % 3) % 4
        let isKept = channel % 4 == first || channel % 4 == second
        return isKept ? Float(row * 1000 + column + 1) : 0
      }
    }
  }
}
