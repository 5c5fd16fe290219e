import EspalierGraph
import EspalierSeeded
import Testing

private let square = Tensor([1, -2, 3, 4] as [Float], shape: [2, 2])

@Test(
  arguments: [
    (.reduceSum, [-1, 7]), (.reduceMean, [-0.5, 3.5]), (.reduceMax, [1, 4]),
    (.reduceMin, [-2, 3]), (.reduceProd, [-2, 12]), (.reduceL1, [3, 7]),
    (.reduceL2, [2.2360680, 5]), (.reduceSumSquare, [5, 25]),
    (.reduceLogSum, [.nan, 1.9459101]), (.reduceLogSumExp, [1.0485874, 4.3132617]),
  ] as [(OperatorKind, [Float])])
func `a reduction over the last axis has its textbook values`(
  kind: OperatorKind, wanted: [Float]
) throws {
  let kept = try evaluating(kind, [square, Tensor(integers: [-1])])[0]
  #expect(agree(kept.floats, wanted) && kept.shape == [2, 1], "\(kind): \(kept)")
  // The same by attribute, as before opset 13, with the axis removed.
  let attributes: [String: Attribute] = ["axes": .integers([1]), "keepdims": .integer(0)]
  let removed = try evaluating(kind, [square], attributes, opset: 12)[0]
  #expect(agree(removed.floats, wanted) && removed.shape == [2], "\(kind): \(removed)")
}

@Test func `axes move from attribute to input at opset 13 for sums and 18 for the rest`() throws {
  let attributes: [String: Attribute] = ["axes": .integers([0])]
  #expect(try evaluating(.reduceMax, [square], attributes, opset: 17)[0].floats == [3, 4])
  let axes = Tensor(integers: [0])
  #expect(try evaluating(.reduceSum, [square, axes], opset: 13)[0].floats == [4, 2])
  #expect(errorCode(.reduceMax, [square, axes], opset: 17) == .badArity)
  #expect(errorCode(.reduceSum, [square, Tensor(integers: [2])]) == .badAttribute)
  #expect(errorCode(.reduceSum, [square, Tensor(integers: [1, -1])]) == .badAttribute)
  let node = NodeContext(opset: 18, inputs: [true, true], outputCount: 1)
  let unknown = OperatorInput(TensorType(.int64, [1]))
  #expect(throws: GraphError.self) {
    try ReduceSum(node).infer([OperatorInput(square.type), unknown])
  }
}

@Test func `without axes a reduction takes all of them, or none where asked`() throws {
  #expect(try evaluating(.reduceSum, [square])[0].floats == [6])
  let none: [String: Attribute] = ["noop_with_empty_axes": .integer(1)]
  #expect(try evaluating(.reduceSum, [square], none)[0] == square)
  #expect(try evaluating(.reduceSumSquare, [square], none)[0].floats == [1, 4, 9, 16])
}

@Test(
  arguments: [
    (.reduceSum, 0), (.reduceProd, 1), (.reduceMax, -.infinity), (.reduceMin, .infinity),
    (.reduceL1, 0), (.reduceL2, 0), (.reduceSumSquare, 0), (.reduceLogSum, -.infinity),
    (.reduceLogSumExp, -.infinity), (.reduceMean, .nan),
  ] as [(OperatorKind, Float)])
func `a reduction of nothing gives its neutral element`(kind: OperatorKind, wanted: Float) throws {
  let nothing = Tensor([] as [Float], shape: [2, 0, 3])
  let result = try evaluating(kind, [nothing, Tensor(integers: [1])])[0]
  #expect(result.shape == [2, 1, 3])
  #expect(agree(result.floats, [Float](repeating: wanted, count: 6)), "\(kind): \(result)")
}

@Test func `integers reduce as integers`() throws {
  // 2^62 + 1 has no exact double.
  let large = Tensor(integers: [1 << 62, 1])
  #expect(try evaluating(.reduceSum, [large])[0].integers == [1 << 62 + 1])
  #expect(try evaluating(.reduceMax, [large])[0].integers == [1 << 62])
  let bytes = Tensor(elementType: .uint8, shape: [2], integers: [200, 100])
  #expect(try evaluating(.reduceSum, [bytes])[0].integers == [44])
  #expect(try evaluating(.reduceMean, [Tensor(integers: [-1, -2])])[0].integers == [-1])
  let none = Tensor(elementType: .int8, shape: [0], integers: [])
  #expect(try evaluating(.reduceMax, [none])[0].integers == [-128])
  #expect(try evaluating(.reduceMin, [none])[0].integers == [127])
  #expect(errorCode(.reduceMean, [none]) == .badInput)
}

@Test func `softmax takes a matrix before opset 13 and an axis since`() throws {
  let cube = Tensor([0, 0, 0, 0] as [Float], shape: [1, 2, 2])
  #expect(try evaluating(.softmax, [cube], opset: 12)[0].floats == [0.25, 0.25, 0.25, 0.25])
  #expect(try evaluating(.softmax, [cube], opset: 13)[0].floats == [0.5, 0.5, 0.5, 0.5])
  let row = vector([1000, 1001])
  #expect(agree(try evaluating(.softmax, [row])[0].floats, [0.2689414, 0.7310586]))
  #expect(agree(try evaluating(.logSoftmax, [row])[0].floats, [-1.3132617, -0.3132617]))
  #expect(try evaluating(.hardmax, [vector([1, 3, 3])])[0].floats == [0, 1, 0])
  let columns: [String: Attribute] = ["axis": .integer(0)]
  #expect(
    try evaluating(.hardmax, [square], columns)[0].floats == [0, 0, 1, 1])
  #expect(errorCode(.softmax, [row], ["axis": .integer(1)]) == .badAttribute)
}

@Test func `the extreme element is the first or the last of equals`() throws {
  let input = Tensor([2, 2, 1, 1] as [Float], shape: [2, 2])
  let last: [String: Attribute] = ["axis": .integer(1), "select_last_index": .integer(1)]
  let first: [String: Attribute] = ["axis": .integer(-1), "keepdims": .integer(0)]
  #expect(try evaluating(.argMax, [input])[0].integers == [0, 0])
  #expect(try evaluating(.argMin, [input])[0].integers == [1, 1])
  #expect(try evaluating(.argMax, [input], last)[0].integers == [1, 1])
  #expect(try evaluating(.argMax, [input], first)[0] == Tensor(integers: [0, 0]))
  #expect(errorCode(.argMax, [Tensor([] as [Float], shape: [0])]) == .badShape)
}

@Test func `running sums go either way, with or without the element itself`() throws {
  let (input, axis) = (vector([1, 2, 3]), Tensor(integers: [0], shape: []))
  func sums(_ attributes: [String: Attribute]) throws -> [Float] {
    try evaluating(.cumSum, [input, axis], attributes)[0].floats
  }
  #expect(try sums([:]) == [1, 3, 6])
  #expect(try sums(["exclusive": .integer(1)]) == [0, 1, 3])
  #expect(try sums(["reverse": .integer(1)]) == [6, 5, 3])
  #expect(try sums(["reverse": .integer(1), "exclusive": .integer(1)]) == [5, 3, 0])
  #expect(errorCode(.cumSum, [input, Tensor(integers: [1])]) == .badAttribute)
}

@Test func `means and deviations go over batch and space by default`() throws {
  let input = Tensor([1, 3, 2, 6] as [Float], shape: [1, 2, 1, 2])
  let result = try evaluating(.meanVarianceNormalization, [input])[0]
  #expect(agree(result.floats, [-1, 1, -1, 1]))
}

@Test func `a line is divided by its norm`() throws {
  let input = Tensor([3, 4, 0, 0] as [Float], shape: [2, 2])
  #expect(agree(try evaluating(.lpNormalization, [input])[0].floats, [0.6, 0.8, 0, 0]))
  let sums: [String: Attribute] = ["p": .integer(1), "axis": .integer(0)]
  #expect(try evaluating(.lpNormalization, [input], sums)[0].floats == [1, 1, 0, 0])
  #expect(errorCode(.lpNormalization, [input], ["p": .integer(3)]) == .badAttribute)
}

@Test func `local response takes one more channel after than before for an even size`() throws {
  let input = Tensor([1, 2, 3] as [Float], shape: [1, 3, 1])
  let attributes: [String: Attribute] = [
    "size": .integer(2), "alpha": .float(2), "beta": .float(1), "bias": .float(0),
  ]
  // With alpha / size = 1: 1 / (1 + 4), 2 / (4 + 9), 3 / 9.
  #expect(agree(try evaluating(.lrn, [input], attributes)[0].floats, [0.2, 2 / 13, 1 / 3]))
  #expect(errorCode(.lrn, [input]) == .badAttribute)
  let huge: [String: Attribute] = ["size": .integer(.max), "alpha": .float(0)]
  #expect(try evaluating(.lrn, [input], huge)[0].floats == [1, 2, 3])
}

@Test func `running products leave out their own element where asked`() throws {
  let input = Tensor(integers: [2, 3, 5])
  let axis = Tensor(integers: [0], shape: [])
  #expect(try evaluating(.cumProd, [input, axis])[0].integers == [2, 6, 30])
  let exclusive: [String: Attribute] = ["exclusive": .integer(1)]
  #expect(try evaluating(.cumProd, [input, axis], exclusive)[0].integers == [1, 2, 6])
  let reversed = exclusive.merging(["reverse": .integer(1)]) { $1 }
  #expect(try evaluating(.cumProd, [input, axis], reversed)[0].integers == [15, 5, 1])
}
