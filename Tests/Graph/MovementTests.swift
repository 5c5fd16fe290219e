import EspalierGraph
import Testing

/// Hand-worked examples of data movement, where ONNX's own cases do not reach.
@Suite struct MovementTests {
  private func integers(_ values: Int64...) -> Tensor { Tensor(integers: values) }

  @Test(
    arguments: [
      (0, .max, 1, [0, 1, 2, 3, 4]), (.max, .min, -1, [4, 3, 2, 1, 0]), (-2, .max, 1, [3, 4]),
      (3, 1, 1, []), (1, 3, -1, []), (4, .min, -3, [4, 1]), (0, 5, .max, [0]), (4, 0, .min, [4]),
      (-100, 2, 1, [0, 1]), (100, 2, -1, [4, 3]), (1, -1, 2, [1, 3]),
    ] as [(Int64, Int64, Int64, [Float])])
  func `slices clamp their bounds`(
    _ start: Int64, _ end: Int64, _ step: Int64, _ wanted: [Float]
  ) throws {
    let found = try evaluating(
      .slice, [ramp([5]), integers(start), integers(end), integers(0), integers(step)])
    #expect(found[0] == vector(wanted))
  }

  @Test func `slices of an empty axis are empty`() throws {
    for step in [1, -1] as [Int64] {
      let found = try evaluating(
        .slice, [ramp([0, 2]), integers(0), integers(9), integers(0), integers(step)])
      #expect(found[0].shape == [0, 2])
    }
  }

  @Test func `slices of several axes, by attributes and by inputs`() throws {
    let wanted = Tensor([6, 4, 10, 8], shape: [2, 2])
    let found = try evaluating(
      .slice,
      [ramp([3, 4]), integers(1, -2), integers(3, -9), integers(0, -1), integers(1, -2)])
    #expect(found[0] == wanted)
    let old = try evaluating(
      .slice, [ramp([3, 4])],
      ["starts": .integers([1, 0]), "ends": .integers([9, 2]), "axes": .integers([0, 1])], opset: 9)
    #expect(old[0] == Tensor([4, 5, 8, 9], shape: [2, 2]))
  }

  @Test func `splits leave a smaller last part from opset 18 on`() throws {
    let parts = try evaluating(.split, [ramp([7])], ["num_outputs": .integer(3)], outputs: 3)
    #expect(parts.map(\.floats) == [[0, 1, 2], [3, 4, 5], [6]])
    #expect(errorCode(.split, [ramp([7])], opset: 17, outputs: 3) == .badShape)
    #expect(errorCode(.split, [ramp([2])], outputs: 4) == .badShape)
    #expect(
      errorCode(.split, [ramp([7])], ["num_outputs": .integer(2)], outputs: 3) == .badAttribute)
    #expect(errorCode(.split, [ramp([3]), integers(.max, 4)], outputs: 2) == .shapeTooLarge)
  }

  @Test func `padding reflects again and again, and crops`() throws {
    let reflect: [String: Attribute] = ["mode": .string(Array("reflect".utf8))]
    let found = try evaluating(.pad, [vector([1, 2, 3]), integers(5, 3)], reflect)
    #expect(found[0].floats == [2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2])
    let cropped = try evaluating(.pad, [vector([1, 2, 3, 4]), integers(-1, -2)])
    #expect(cropped[0].floats == [2])
    let value = Tensor([9], shape: [])
    let constant = try evaluating(.pad, [ramp([1, 2]), integers(1, 0), value, integers(-1)])
    #expect(constant[0] == Tensor([9, 0, 1], shape: [1, 3]))
    let wrap: [String: Attribute] = ["mode": .string(Array("wrap".utf8))]
    #expect(
      try evaluating(.pad, [vector([1, 2, 3]), integers(4, 1)], wrap)[0].floats == [
        3, 1, 2, 3, 1, 2, 3, 1,
      ])
  }

  @Test func `hostile padding is refused`() {
    #expect(errorCode(.pad, [ramp([2]), integers(.max, .max)]) == .shapeTooLarge)
    #expect(errorCode(.pad, [ramp([2]), integers(.min, .max)]) == .shapeTooLarge)
    #expect(errorCode(.pad, [ramp([2]), integers(-3, 0)]) == .shapeTooLarge)
    #expect(errorCode(.pad, [ramp([2]), integers(1)]) == .badShape)
    let edge: [String: Attribute] = ["mode": .string(Array("edge".utf8))]
    #expect(errorCode(.pad, [ramp([0]), integers(1, 0)], edge) == .badShape)
  }

  @Test func `indices out of range are errors, negative ones count from the end`() throws {
    #expect(try evaluating(.gather, [ramp([3]), integers(-1, 0)])[0].floats == [2, 0])
    for index in [3, -4, .max, .min] as [Int64] {
      #expect(errorCode(.gather, [ramp([3]), integers(index)]) == .badIndex)
      #expect(errorCode(.gatherElements, [ramp([3]), integers(index)]) == .badIndex)
      let tuple = Tensor(integers: [index], shape: [1, 1])
      #expect(errorCode(.gatherND, [ramp([3]), tuple]) == .badIndex)
      #expect(errorCode(.scatterND, [ramp([3]), tuple, vector([1])]) == .badIndex)
      #expect(errorCode(.scatterElements, [ramp([3]), integers(index), vector([1])]) == .badIndex)
    }
  }

  @Test func `gathering by tuples shares batch axes`() throws {
    let indices = Tensor(integers: [1, 0], shape: [2, 1])
    let found = try evaluating(
      .gatherND, [ramp([2, 2, 2]), indices], ["batch_dims": .integer(1)])
    #expect(found[0] == Tensor([2, 3, 4, 5], shape: [2, 2]))
    #expect(
      errorCode(.gatherND, [ramp([2, 2]), indices], ["batch_dims": .integer(-1)]) == .badAttribute)
    #expect(errorCode(.gatherND, [ramp([2]), indices], ["batch_dims": .integer(2)]) == .badShape)
  }

  @Test(
    arguments: [
      ("none", [9, 1, 3]), ("add", [12, 1, 2]), ("mul", [27, 1, 2]), ("max", [9, 1, 2]),
      ("min", [0, 1, 2]),
    ] as [(String, [Float])])
  func `scattering combines in order`(_ reduction: String, _ wanted: [Float]) throws {
    let attributes: [String: Attribute] = ["reduction": .string(Array(reduction.utf8))]
    let data = reduction == "mul" ? vector([1, 1, 2]) : ramp([3])
    let (indices, updates) =
      reduction == "none" ? (integers(0, 2), vector([9, 3])) : (integers(0, 0), vector([3, 9]))
    let found = try evaluating(.scatterElements, [data, indices, updates], attributes)
    #expect(found[0].floats == wanted)
    let tuples = indices.reshaped([2, 1])
    #expect(try evaluating(.scatterND, [data, tuples, updates], attributes)[0].floats == wanted)
  }

  @Test func `shapes with one open extent`() throws {
    #expect(try evaluating(.reshape, [ramp([2, 6]), integers(0, -1, 2)])[0].shape == [2, 3, 2])
    let zero: [String: Attribute] = ["allowzero": .integer(1)]
    #expect(try evaluating(.reshape, [ramp([0, 3]), integers(3, 0)], zero)[0].shape == [3, 0])
    for target in [[-1, -1], [5, -1], [13], [0, 0, 0], [.max, .max, -1], [-2, 6], [0, 7]]
      as [[Int64]]
    {
      #expect(errorCode(.reshape, [ramp([2, 6]), Tensor(integers: target)]) != nil, "\(target)")
    }
  }

  @Test func `ranges count down, and end`() throws {
    func range(_ values: [Int64]) -> [Tensor] { values.map { Tensor(integers: [$0], shape: []) } }
    #expect(try evaluating(.range, range([5, 0, -2]))[0].integers == [5, 3, 1])
    #expect(try evaluating(.range, range([0, 0, 1]))[0].count == 0)
    #expect(try evaluating(.range, range([3, 0, 1]))[0].count == 0)
    #expect(try evaluating(.range, range([0, 1, .max]))[0].integers == [0])
    for hostile in [[0, 5, 0], [.min, .max, 1], [0, .max, 1], [.max, .min, .min]] as [[Int64]] {
      #expect(errorCode(.range, range(hostile)) == .shapeTooLarge, "\(hostile)")
    }
    func reals(_ values: [Float]) -> [Tensor] { values.map { Tensor([$0], shape: []) } }
    #expect(try evaluating(.range, reals([0, 1, 0.25]))[0].floats == [0, 0.25, 0.5, 0.75])
    #expect(try evaluating(.range, reals([0, -.infinity, 1]))[0].count == 0)
    for hostile in [[0, .infinity, 1], [0, .nan, 1], [0, 1, 0], [0, 1, 1e-30]] as [[Float]] {
      #expect(errorCode(.range, reals(hostile)) == .shapeTooLarge, "\(hostile)")
    }
  }

  @Test func `casts truncate, saturate at the widest integer, and know truth`() throws {
    func cast(_ tensor: Tensor, _ type: ElementType) throws -> Tensor {
      try evaluating(.cast, [tensor], ["to": .integer(Int64(type.rawValue))])[0]
    }
    let values = vector([-1.9, 1.9, 0.5, .nan, .infinity])
    #expect(try cast(values, .int64).integers == [-1, 1, 0, 0, .max])
    #expect(try cast(values, .bool).integers == [1, 1, 1, 1, 1])
    #expect(try cast(Tensor(integers: [300, -1]), .uint8).integers == [44, 255])
    #expect(try cast(Tensor(booleans: [true, false], shape: [2]), .float32).floats == [1, 0])
    #expect(try cast(vector([65_520, 1 / 3]), .float16).floats == [.infinity, 0.33325195])
    #expect(errorCode(.cast, [values], ["to": .integer(8)]) == .badType)
    #expect(errorCode(.cast, [values], ["to": .integer(.max)]) == .badType)
  }

  @Test func `shapes clamp start and end`() throws {
    func shape(_ start: Int64, _ end: Int64) throws -> [Int64] {
      let attributes: [String: Attribute] = ["start": .integer(start), "end": .integer(end)]
      return try evaluating(.shape, [ramp([2, 3, 4])], attributes)[0].integers
    }
    #expect(try shape(0, .max) == [2, 3, 4])
    #expect(try shape(.min, -1) == [2, 3])
    #expect(try shape(2, 1) == [])
  }

  @Test func `constants take exactly one value`() throws {
    let seven: [String: Attribute] = ["value_int": .integer(7)]
    #expect(try evaluating(.constant, [], seven)[0] == Tensor(integers: [7], shape: []))
    let floats: [String: Attribute] = ["value_floats": .floats([1, 2])]
    #expect(try evaluating(.constant, [], floats)[0] == vector([1, 2]))
    #expect(errorCode(.constant, [], [:]) == .badAttribute)
    #expect(errorCode(.constant, [], seven.merging(floats) { $1 }) == .badAttribute)
    #expect(errorCode(.constant, [], ["sparse_value": .opaque([])]) == .unsupportedVariant)
  }
}
