import EspalierGraph
import EspalierSeeded
import Testing

@Suite struct ResizeTests {
  private func text(_ value: String) -> Attribute { .string(Array(value.utf8)) }

  /// Resizes a row `[1, 1, n]` to an extent or by a factor.
  private func resize(
    _ row: [Float], to size: Int? = nil, by factor: Float = 1, roi: [Float]? = nil,
    opset: Int = 19, _ attributes: [String: Attribute]
  ) throws -> [Float] {
    let sizes = size.map { Tensor(integers: [1, 1, Int64($0)]) }
    let scales = size == nil ? vector([1, 1, factor]) : nil
    let region = roi.map { vector([0, 0, $0[0], 1, 1, $0[1]]) }
    return try evaluating(
      .resize, [Tensor(row, shape: [1, 1, row.count]), region, scales, sizes], attributes,
      opset: opset)[0].floats
  }

  @Test(arguments: [
    // Three from five: coordinates 1/3, 2, 11/3 between half pixels; 0, 5/3, 10/3 without.
    ("half_pixel", "round_prefer_floor", [0, 2, 4]), ("half_pixel", "floor", [0, 2, 3]),
    ("half_pixel", "ceil", [1, 2, 4]), ("asymmetric", "floor", [0, 1, 3]),
    ("asymmetric", "ceil", [0, 2, 4]), ("align_corners", "floor", [0, 2, 4]),
    ("pytorch_half_pixel", "round_prefer_ceil", [0, 2, 4]),
    ("half_pixel_symmetric", "floor", [0, 2, 3]),
  ])
  func `nearest neighbours`(mode: String, rounding: String, expected: [Float]) throws {
    let y = try resize(
      [0, 1, 2, 3, 4], to: 3,
      ["coordinate_transformation_mode": text(mode), "nearest_mode": text(rounding)])
    #expect(y == expected)
  }

  @Test func `halves round as asked to`() throws {
    // Doubling without half pixels: coordinates 0, 1/2, 1, 3/2.
    let base: [String: Attribute] = ["coordinate_transformation_mode": text("asymmetric")]
    let down = try resize(
      [5, 6], to: 4, base.merging(["nearest_mode": text("round_prefer_floor")]) { $1 })
    let up = try resize(
      [5, 6], to: 4, base.merging(["nearest_mode": text("round_prefer_ceil")]) { $1 })
    #expect(down == [5, 5, 6, 6])
    #expect(up == [5, 6, 6, 6])
  }

  @Test func `a factor written in single precision still means its fraction`() throws {
    // 11 / 3.6666667 is a little less than 3 in double precision.
    let row = (0..<6).map { Float($0) }
    let y = try resize(
      row, by: 11 / 3,
      ["coordinate_transformation_mode": text("asymmetric"), "nearest_mode": text("floor")])
    #expect(y.count == 22)
    #expect(y[11] == 3)
  }

  @Test func `linear weights, edges repeated`() throws {
    let half = try resize([0, 4], to: 4, ["mode": text("linear")])
    #expect(half == [0, 1, 3, 4])
    let corners = try resize(
      [0, 3], to: 4,
      ["mode": text("linear"), "coordinate_transformation_mode": text("align_corners")])
    #expect(agree(corners, [0, 1, 2, 3]))
    let asymmetric = try resize(
      [0, 4], to: 4,
      ["mode": text("linear"), "coordinate_transformation_mode": text("asymmetric")])
    #expect(asymmetric == [0, 2, 4, 4])
  }

  @Test func `antialiasing spreads the filter over what it skips`() throws {
    let attributes: [String: Attribute] = ["mode": text("linear"), "antialias": .integer(1)]
    // Halving four: weights 1/8 3/8 3/8 1/8 around 1/2 and 5/2, edges repeated.
    let y = try resize([0, 8, 16, 24], to: 2, attributes)
    #expect(agree(y, [5, 19]))
  }

  @Test func `cubic weights sum to one and may leave out the outside`() throws {
    let cubic: [String: Attribute] = ["mode": text("cubic")]
    #expect(agree(try resize([3, 3, 3], to: 7, cubic), [3, 3, 3, 3, 3, 3, 3]))
    let inside = cubic.merging(["exclude_outside": .integer(1)]) { $1 }
    #expect(agree(try resize([3, 3, 3], to: 7, inside), [3, 3, 3, 3, 3, 3, 3]))
    // In the middle of four: -3/32, 19/32, 19/32, -3/32 for a = -3/4.
    let middle = try resize([0, 32, 0, 0], to: 1, cubic)
    #expect(agree(middle, [19]))
  }

  @Test func `a region outside the input becomes the extrapolation value`() throws {
    let y = try resize(
      [0, 1, 2, 3, 4], to: 3, roi: [0.5, 1.5],
      [
        "mode": text("linear"), "coordinate_transformation_mode": text("tf_crop_and_resize"),
        "extrapolation_value": .float(-1),
      ])
    #expect(y == [2, 4, -1])
  }

  @Test func `proportions may be kept`() throws {
    let x = ramp([1, 1, 4, 6])
    let sizes = Tensor(integers: [2, 6])
    func shape(_ policy: String) throws -> [Int] {
      try evaluating(
        .resize, [x, nil, nil, sizes],
        ["axes": .integers([-2, -1]), "keep_aspect_ratio_policy": text(policy)], opset: 18)[0]
        .shape
    }
    #expect(try shape("stretch") == [1, 1, 2, 6])
    #expect(try shape("not_larger") == [1, 1, 2, 3])
    #expect(try shape("not_smaller") == [1, 1, 4, 6])
  }

  @Test func `sampling tables say what evaluation computes`() throws {
    var random = Seeded(seed: 12)
    let x = random.tensor([1, 2, 5, 7])
    let inputs = [x, nil, nil, Tensor(integers: [1, 2, 8, 3])]
    let node = NodeContext(
      attributes: ["mode": text("cubic")], opset: 18, inputs: [true, false, false, true],
      outputCount: 1)
    let resize = try Resize(node)
    let tables = try resize.samplingTables(inputs.map { $0.map { OperatorInput($0) } })
    let y = try evaluating(.resize, inputs, ["mode": text("cubic")], opset: 18)[0]
    forEachIndex(of: y.shape) { index in
      var sum = 0.0
      let (rows, columns) = (tables[2][index[2]], tables[3][index[3]])
      for (row, a) in zip(rows.indices, rows.weights) {
        for (column, b) in zip(columns.indices, columns.weights) {
          sum += a * b * Double(x.floats[(index[1] * 5 + row) * 7 + column])
        }
      }
      let found = y.floats[(index[1] * 8 + index[2]) * 3 + index[3]]
      #expect(abs(Double(found) - sum) < 1e-6, "seed 12")
    }
  }

  @Test func `integers keep their exact values`() throws {
    let large = Tensor(integers: [(1 << 60) + 1, 7], shape: [1, 1, 2])
    let y = try evaluating(.resize, [large, nil, vector([1, 1, 2])])
    #expect(y[0].integers == [(1 << 60) + 1, (1 << 60) + 1, 7, 7])
    let flat = Tensor(elementType: .uint8, shape: [1, 1, 3], integers: [5, 5, 5])
    let linear = try evaluating(
      .resize, [flat, nil, vector([1, 1, 7 / 3])], ["mode": text("linear")])
    #expect(linear[0].integers == [5, 5, 5, 5, 5, 5, 5])
  }

  @Test func `Upsample repeats or interpolates`() throws {
    let x = Tensor([0, 2], shape: [1, 1, 2])
    #expect(
      try evaluating(.upsample, [x, vector([1, 1, 2])], opset: 9)[0].floats == [0, 0, 2, 2])
    let scales: [String: Attribute] = ["scales": .floats([1, 1, 2]), "mode": text("linear")]
    #expect(try evaluating(.upsample, [x], scales, opset: 7)[0].floats == [0, 1, 2, 2])
  }

  @Test func `what does not fit is an error`() throws {
    let x = ramp([1, 1, 2])
    #expect(errorCode(.resize, [x]) == .badArity)
    #expect(
      errorCode(.resize, [x, nil, vector([1, 1, 2]), Tensor(integers: [1, 1, 4])]) == .badArity)
    #expect(errorCode(.resize, [x, nil, vector([1, 2])]) == .badShape)
    #expect(errorCode(.resize, [x, nil, vector([1, 1, -2])]) == .badInput)
    #expect(errorCode(.resize, [x, nil, vector([1, 1, .nan])]) == .badInput)
    #expect(errorCode(.resize, [x, nil, vector([1, 1, 1e30])]) == .shapeTooLarge)
    #expect(errorCode(.resize, [x, nil, nil, Tensor(integers: [1, 1, -4])]) == .badShape)
    #expect(errorCode(.resize, [x, nil, nil, Tensor(integers: [1, 1, .max])]) == .badShape)
    #expect(
      errorCode(.resize, [x, nil, vector([1, 1, 2])], ["mode": text("area")]) == .badAttribute)
    let empty = Tensor([], shape: [1, 1, 0])
    #expect(errorCode(.resize, [empty, nil, nil, Tensor(integers: [1, 1, 4])]) == .badShape)
    let node = NodeContext(opset: 13, inputs: [true, false, true], outputCount: 1)
    let scales = OperatorInput(TensorType(.float32, [3]))
    #expect(throws: GraphError.self) { try Resize(node).infer([OperatorInput(x), nil, scales]) }
  }
}
