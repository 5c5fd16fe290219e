import EspalierGraph
import EspalierSeeded
import Testing

// Expected values come from the definitions by hand or from tables, to seven digits.

@Test(
  arguments: [
    (.leakyRelu, ["alpha": .float(0.1)], [-0.2, 0, 1]),
    (.thresholdedRelu, ["alpha": .float(0.5)], [0, 0, 1]),
    (.elu, ["alpha": .float(2)], [-1.7293294, 0, 1]),
    (.selu, [:], [-1.5201665, 0, 1.0507010]),
    (.celu, ["alpha": .float(2)], [-1.2642411, 0, 1]),
    (.gelu, [:], [-0.04550026, 0, 0.8413447]),
    (.gelu, ["approximate": .string(Array("tanh".utf8))], [-0.04540231, 0, 0.8411920]),
    (.erf, [:], [-0.9953223, 0, 0.8427008]),
    (.sigmoid, [:], [0.1192029, 0.5, 0.7310586]),
    (.hardSigmoid, [:], [0.1, 0.5, 0.7]),
    (.hardSwish, [:], [-0.3333333, 0, 0.6666667]),
    (.tanh, [:], [-0.9640276, 0, 0.7615942]),
    (.softplus, [:], [0.1269280, 0.6931472, 1.3132617]),
    (.softsign, [:], [-0.6666667, 0, 0.5]),
    (.mish, [:], [-0.2525015, 0, 0.8650984]),
    (.swish, ["alpha": .float(2)], [-0.03597242, 0, 0.8807971]),
    (.reciprocal, [:], [-0.5, .infinity, 1]),
    (.sqrt, [:], [.nan, 0, 1]),
    (.exp, [:], [0.1353353, 1, 2.7182818]),
    (.log, [:], [.nan, -.infinity, 0]),
    (.sign, [:], [-1, 0, 1]),
    (.neg, [:], [2, 0, -1]),
    (.abs, [:], [2, 0, 1]),
    (.sin, [:], [-0.9092974, 0, 0.8414710]),
    (.cos, [:], [-0.4161468, 1, 0.5403023]),
  ] as [(OperatorKind, [String: Attribute], [Float])])
func `a function of one number has its textbook values at -2, 0 and 1`(
  kind: OperatorKind, attributes: [String: Attribute], wanted: [Float]
) throws {
  let found = try evaluating(kind, [vector([-2, 0, 1])], attributes)[0].floats
  #expect(agree(found, wanted), "\(kind): \(found) but wanted \(wanted)")
}

@Test(arguments: [
  OperatorKind.gelu, .sigmoid, .hardSwish, .tanh, .softplus, .softsign, .mish, .swish, .elu, .selu,
  .celu, .erf, .hardSigmoid, .leakyRelu, .relu,
])
func `activations have limits at infinity and keep NaN`(kind: OperatorKind) throws {
  let found = try evaluating(kind, [vector([-.infinity, -1e30, 1e30, .infinity, .nan])])[0].floats
  #expect(found[..<4].allSatisfy { !$0.isNaN } && found[4].isNaN, "\(kind): \(found)")
}

@Test func `rounding breaks ties to even`() throws {
  let input = vector([0.5, 1.5, 2.5, -0.5, -1.5, 2.4])
  #expect(try evaluating(.round, [input])[0].floats == [0, 2, 2, 0, -2, 2])
  #expect(try evaluating(.floor, [input])[0].floats == [0, 1, 2, -1, -2, 2])
  #expect(try evaluating(.ceil, [input])[0].floats == [1, 2, 3, 0, -1, 3])
}

@Test func `arithmetic broadcasts both ways`() throws {
  let column = Tensor([1, 2] as [Float], shape: [2, 1])
  let row = Tensor([10, 20, 30] as [Float], shape: [1, 3])
  #expect(try evaluating(.sub, [column, row])[0].floats == [-9, -19, -29, -8, -18, -28])
  #expect(errorCode(.add, [vector([1, 2]), vector([1, 2, 3])]) == .badShape)
  #expect(errorCode(.add, [vector([1]), Tensor(integers: [1])]) == .badType)
  #expect(errorCode(.add, [vector([1])]) == .badArity)
}

@Test func `bits are joined, turned and moved`() throws {
  func int8(_ values: [Int64]) -> Tensor {
    Tensor(elementType: .int8, shape: [values.count], integers: values)
  }
  let (a, b) = (int8([0b1100, -1, 5]), int8([0b1010, 3, 0]))
  #expect(try evaluating(.bitwiseAnd, [a, b])[0].integers == [0b1000, 3, 0])
  #expect(try evaluating(.bitwiseOr, [a, b])[0].integers == [0b1110, -1, 5])
  #expect(try evaluating(.bitwiseXor, [a, b])[0].integers == [0b0110, -4, 5])
  #expect(try evaluating(.bitwiseNot, [a])[0].integers == [-13, 0, -6])
  let places = int8([1, 7, 8, -1])
  func moved(_ value: Int64, _ direction: String) throws -> [Int64] {
    try evaluating(
      .bitShift, [int8([value]), places], ["direction": .string(Array(direction.utf8))], opset: 28)[
        0
      ].integers
  }
  #expect(try moved(3, "LEFT") == [6, -128, 0, 0])
  #expect(try moved(-3, "RIGHT") == [-2, -1, -1, -1])
  #expect(try moved(100, "RIGHT") == [50, 0, 0, 0])
  #expect(errorCode(.bitShift, [a, b]) == .badAttribute)
  #expect(errorCode(.bitwiseAnd, [vector([1]), vector([1])]) == .badType)
}

@Test func `a remainder of real numbers has the divisor's sign since opset 28`() throws {
  let (a, b) = (vector([5.5, -5.5, 5.5, -1, 4]), vector([2, 2, -2, .infinity, -2]))
  #expect(try evaluating(.mod, [a, b], opset: 28)[0].floats == [1.5, 0.5, -0.5, .infinity, 0])
  #expect(errorCode(.mod, [a, b], opset: 27) == .badAttribute)
}

@Test func `the bits of a number are another number`() throws {
  func to(_ type: ElementType) -> [String: Attribute] { ["to": .integer(Int64(type.rawValue))] }
  #expect(
    try evaluating(.bitCast, [vector([1, -2])], to(.int32))[0].integers == [
      0x3F80_0000, -0x4000_0000,
    ])
  let half = Tensor(elementType: .float16, shape: [1], doubles: [1])
  #expect(try evaluating(.bitCast, [half], to(.uint16))[0].integers == [0x3C00])
  let brain = Tensor(elementType: .uint16, shape: [1], integers: [0x3FC0])
  #expect(try evaluating(.bitCast, [brain], to(.bfloat16))[0].floats == [1.5])
  let double = Tensor(elementType: .float64, shape: [1], doubles: [-2])
  #expect(try evaluating(.bitCast, [double], to(.int64))[0].integers == [-0x4000_0000_0000_0000])
  #expect(errorCode(.bitCast, [vector([1])], to(.int64)) == .badType)
  #expect(errorCode(.bitCast, [vector([1])], ["to": .integer(17)]) == .badType)
}

@Test func `integers wrap at their width and division rounds towards zero`() throws {
  func int8(_ values: [Int64]) -> Tensor {
    Tensor(elementType: .int8, shape: [values.count], integers: values)
  }
  #expect(try evaluating(.add, [int8([127, -128]), int8([1, -1])])[0].integers == [-128, 127])
  #expect(try evaluating(.mul, [int8([100]), int8([3])])[0].integers == [44])
  #expect(try evaluating(.neg, [int8([-128, 5])])[0].integers == [-128, -5])
  let seven = Tensor(integers: [7, -7, 7, -7, .min])
  let three = Tensor(integers: [3, 3, -3, -3, -1])
  #expect(try evaluating(.div, [seven, three])[0].integers == [2, -2, -2, 2, .min])
  #expect(try evaluating(.mod, [seven, three])[0].integers == [1, 2, -2, -1, 0])
  #expect(
    try evaluating(.mod, [seven, three], ["fmod": .integer(1)])[0].integers == [1, -1, 1, -1, 0])
  #expect(errorCode(.div, [Tensor(integers: [1]), Tensor(integers: [0])]) == .badInput)
  #expect(errorCode(.mod, [Tensor(integers: [1]), Tensor(integers: [0])]) == .badInput)
  #expect(errorCode(.mod, [vector([1]), vector([2])]) == .badAttribute)
}

@Test func `uint64 is compared and divided without a sign`() throws {
  let large = Tensor(elementType: .uint64, shape: [1], integers: [-2])  // 2^64 - 2
  let small = Tensor(elementType: .uint64, shape: [1], integers: [2])
  #expect(try evaluating(.greater, [large, small])[0].booleans == [true])
  #expect(try evaluating(.div, [large, small])[0].integers == [.max])
  #expect(try evaluating(.max, [large, small])[0].integers == [-2])
  #expect(try evaluating(.clip, [large, nil, small])[0].integers == [2])
  #expect(try evaluating(.sign, [large])[0].integers == [1])
}

@Test func `power takes its type from the base`() throws {
  let whole = Tensor(integers: [2, -3, -1, 5])
  #expect(
    try evaluating(.pow, [whole, Tensor(integers: [10, 3, -3, -1])])[0].integers
      == [1024, -27, -1, 0])
  #expect(try evaluating(.pow, [whole, vector([0.5, 2, 2, 1])])[0].integers == [1, 9, 1, 5])
  #expect(try evaluating(.pow, [vector([2]), Tensor(integers: [-1])])[0].floats == [0.5])
  #expect(errorCode(.pow, [Tensor(integers: [0]), Tensor(integers: [-1])]) == .badInput)
}

@Test func `clip reads bounds from attributes before opset 11 and from inputs after`() throws {
  let input = vector([-5, 0.5, 5])
  let bounds: [String: Attribute] = ["min": .float(-1), "max": .float(1)]
  #expect(try evaluating(.clip, [input], bounds, opset: 10)[0].floats == [-1, 0.5, 1])
  let (low, high) = (Tensor([-1] as [Float], shape: []), Tensor([1] as [Float], shape: []))
  #expect(try evaluating(.clip, [input, low, high])[0].floats == [-1, 0.5, 1])
  #expect(try evaluating(.clip, [input, nil, high])[0].floats == [-5, 0.5, 1])
  #expect(try evaluating(.clip, [input, high, low])[0].floats == [-1, -1, -1])
  #expect(errorCode(.clip, [input, input]) == .badShape)
}

@Test func `min, max, sum and mean take any number of inputs`() throws {
  let inputs = [vector([1, 5, .nan]), vector([3]), vector([2, 2, 2])]
  #expect(agree(try evaluating(.min, inputs)[0].floats, [1, 2, .nan]))
  #expect(agree(try evaluating(.max, inputs)[0].floats, [3, 5, .nan]))
  #expect(agree(try evaluating(.sum, inputs)[0].floats, [6, 10, .nan]))
  #expect(agree(try evaluating(.mean, inputs)[0].floats, [2, 10 / 3, .nan]))
  #expect(errorCode(.sum, []) == .badArity)
}

@Test func `comparison and logic give Booleans`() throws {
  let (a, b) = (vector([1, 2, 3, .nan]), vector([2, 2, 2, .nan]))
  #expect(try evaluating(.less, [a, b])[0].booleans == [true, false, false, false])
  #expect(try evaluating(.lessOrEqual, [a, b])[0].booleans == [true, true, false, false])
  #expect(try evaluating(.greater, [a, b])[0].booleans == [false, false, true, false])
  #expect(try evaluating(.greaterOrEqual, [a, b])[0].booleans == [false, true, true, false])
  #expect(try evaluating(.equal, [a, b])[0].booleans == [false, true, false, false])
  let (p, q) = (
    Tensor(booleans: [false, false, true, true], shape: [4]),
    Tensor(booleans: [false, true, false, true], shape: [4])
  )
  #expect(try evaluating(.and, [p, q])[0].booleans == [false, false, false, true])
  #expect(try evaluating(.or, [p, q])[0].booleans == [false, true, true, true])
  #expect(try evaluating(.xor, [p, q])[0].booleans == [false, true, true, false])
  #expect(try evaluating(.not, [p])[0].booleans == [true, true, false, false])
  #expect(errorCode(.and, [a, b]) == .badType)
}

@Test func `where chooses by a broadcast condition`() throws {
  let condition = Tensor(booleans: [true, false], shape: [2, 1])
  let result = try evaluating(.where, [condition, vector([1, 2]), vector([9])])[0]
  #expect(result.floats == [1, 2, 9, 9] && result.shape == [2, 2])
}

@Test func `a slope per channel broadcasts to the input only`() throws {
  let input = Tensor([-1, 1, -2, 2] as [Float], shape: [2, 2])
  let slope = Tensor([0.5, 10] as [Float], shape: [2, 1])
  #expect(try evaluating(.prelu, [input, slope])[0].floats == [-0.5, 1, -20, 2])
  #expect(errorCode(.prelu, [vector([1]), vector([1, 2])]) == .badShape)
}

@Test func `infinities are told apart by sign`() throws {
  let input = vector([-.infinity, .infinity, 1, .nan])
  #expect(try evaluating(.isInf, [input])[0].booleans == [true, true, false, false])
  let negative: [String: Attribute] = ["detect_positive": .integer(0)]
  #expect(try evaluating(.isInf, [input], negative)[0].booleans == [true, false, false, false])
  #expect(try evaluating(.isNaN, [input])[0].booleans == [false, false, false, true])
}

@Test func `a result rounds once, to the element type`() throws {
  // 1 + 2^-11 lies halfway between two float16 values; ties go to even, to 1.
  let one = Tensor(elementType: .float16, shape: [1], doubles: [1])
  let step = Tensor(elementType: .float16, shape: [1], doubles: [0x1p-11])
  #expect(try evaluating(.add, [one, step])[0].floats == [1])
  #expect(try evaluating(.sum, [one, step, step])[0].floats == [1.0009766])
}

@Test func `broadcasting to a gigantic shape is refused`() {
  let row = Tensor([Float](repeating: 0, count: 1 << 16), shape: [1, 1 << 16])
  let column = row.reshaped([1 << 16, 1])
  #expect(errorCode(.add, [row, column]) == .shapeTooLarge)
}

@Test func `a gate multiplies a value of its own shape`() throws {
  let gate = vector([0, 2, -.infinity])
  let found = try evaluating(.swiGLU, [gate, vector([5, -3, 2])])[0]
  #expect(agree(found.floats, [0, -5.2847824679, 0]))
  #expect(errorCode(.swiGLU, [gate, vector([1])]) == .badShape)
  #expect(errorCode(.swiGLU, [gate, Tensor(integers: [1, 2, 3])]) == .badType)
}
