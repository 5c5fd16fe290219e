import EspalierGraph
import Testing

@Test func `top-k sorts, and equal elements keep their order`() throws {
  let input = Tensor([1, 3, 3, 2, .nan, -1] as [Float], shape: [2, 3])
  let two = Tensor(integers: [2])
  let largest = try evaluating(.topK, [input, two], outputs: 2)
  #expect(largest[1].integers == [1, 2, 1, 0])
  #expect(agree(largest[0].floats, [3, 3, .nan, 2]))
  let least: [String: Attribute] = ["largest": .integer(0), "axis": .integer(0)]
  let one = Tensor(integers: [1])
  #expect(try evaluating(.topK, [input, one], least, outputs: 2)[1].integers == [0, 0, 1])
  #expect(try evaluating(.topK, [input, one]).count == 1)
  let old: [String: Attribute] = ["k": .integer(1)]
  #expect(try evaluating(.topK, [vector([5, 7])], old, opset: 9)[0].floats == [7])
  #expect(errorCode(.topK, [input, Tensor(integers: [4])]) == .badShape)
  #expect(errorCode(.topK, [input, Tensor(integers: [-1])]) == .badShape)
  #expect(errorCode(.topK, [input], [:], opset: 9) == .badAttribute)
}

@Test func `a triangle keeps its side of a shifted diagonal`() throws {
  let input = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
  func triangle(_ upper: Int64, _ diagonal: Int64) throws -> [Float] {
    let shift = Tensor(integers: [diagonal], shape: [])
    return try evaluating(.trilu, [input, shift], ["upper": .integer(upper)])[0].floats
  }
  #expect(try triangle(1, 0) == [1, 2, 3, 0, 5, 6])
  #expect(try triangle(1, 1) == [0, 2, 3, 0, 0, 6])
  #expect(try triangle(0, -1) == [0, 0, 0, 4, 0, 0])
  #expect(try triangle(0, .max) == [1, 2, 3, 4, 5, 6])
  #expect(try triangle(1, .max) == [0, 0, 0, 0, 0, 0])
  #expect(errorCode(.trilu, [vector([1])]) == .badShape)
}

@Test func `one-hot counts negative indices from the end and ignores those out of range`() throws {
  let indices = Tensor(integers: [0, -1, 3, -4])
  let (depth, values) = (Tensor(integers: [3], shape: []), vector([0, 9]))
  let rows = try evaluating(.oneHot, [indices, depth, values])[0]
  #expect(rows.shape == [4, 3])
  #expect(rows.floats == [9, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0])
  let columns = try evaluating(.oneHot, [indices, depth, values], ["axis": .integer(0)])[0]
  #expect(columns.shape == [3, 4])
  #expect(columns.floats == [9, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0])
  let vast = Tensor(integers: [.max], shape: [])
  #expect(errorCode(.oneHot, [indices, vast, values]) == .shapeTooLarge)
  #expect(errorCode(.oneHot, [indices, Tensor(integers: [0], shape: []), values]) == .badShape)
}

@Test func `dropout is the identity, with a mask, and refuses to train`() throws {
  let input = vector([1, 2])
  let result = try evaluating(.dropout, [input], outputs: 2)
  #expect(result == [input, Tensor(booleans: [true, true], shape: [2])])
  #expect(try evaluating(.dropout, [input], opset: 7, outputs: 2)[1].floats == [1, 1])
  let (half, none) = (Tensor([0.5] as [Float], shape: []), Tensor([0] as [Float], shape: []))
  let training = Tensor(booleans: [true], shape: [])
  #expect(errorCode(.dropout, [input, half, training]) == .unsupportedVariant)
  #expect(errorCode(.dropout, [input, nil, training]) == .unsupportedVariant)
  #expect(try evaluating(.dropout, [input, none, training])[0] == input)
}

@Test func `identity keeps text too`() throws {
  let text = Tensor(elementType: .string, shape: [1], storage: .text(["a"]))
  #expect(try evaluating(.identity, [text]) == [text])
  #expect(errorCode(.add, [text, text]) == .badType)
  #expect(errorCode(.equal, [text, text]) == .badType)
}

private func contraction(_ equation: String, _ operands: Tensor...) throws -> Tensor {
  try evaluating(.einsum, operands, ["equation": .string(Array(equation.utf8))])[0]
}

@Test func `einsum multiplies, transposes, sums and takes diagonals`() throws {
  let a = Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
  let b = Tensor([5, 6, 7, 8] as [Float], shape: [2, 2])
  #expect(try contraction("ij,jk->ik", a, b).floats == [19, 22, 43, 50])
  #expect(try contraction("ij, jk", a, b).floats == [19, 22, 43, 50])
  #expect(try contraction("ba", a).floats == [1, 3, 2, 4])
  #expect(try contraction("ij->", a) == Tensor([10] as [Float], shape: []))
  #expect(try contraction("ii->i", a).floats == [1, 4])
  #expect(try contraction("ii", a).floats == [5])
  #expect(
    try contraction("i,j,k->kij", vector([2]), vector([3]), vector([5, 7])).floats == [30, 42])
}

@Test func `an ellipsis stands for axes that broadcast from the right`() throws {
  let batch = Tensor([1, 2, 3, 4, 5, 6, 7, 8] as [Float], shape: [2, 2, 2])
  let identity = Tensor([1, 0, 0, 1] as [Float], shape: [2, 2])
  #expect(try contraction("...ij,...jk->...ik", batch, identity) == batch)
  #expect(try contraction("...ij,jk", batch, identity) == batch)
  #expect(try contraction("...ii->...i", batch).floats == [1, 4, 5, 8])
  let scale = Tensor([10, 100] as [Float], shape: [2, 1, 1])
  #expect(
    try contraction("...,...->...", batch, scale).floats
      == [10, 20, 30, 40, 500, 600, 700, 800])
}

@Test(arguments: ["ij,jk->il", "ij->ii", "ij->jj", "i.j->ij", "ij->k", "i1->i", "ij-", "..i..->i"])
func `a wrong equation is refused`(equation: String) {
  let a = Tensor([1, 2, 3, 4] as [Float], shape: [2, 2])
  let operands = equation.contains(",") ? [a, a] : [a]
  #expect(
    errorCode(.einsum, operands, ["equation": .string(Array(equation.utf8))]) == .badAttribute)
}

@Test func `extents and ranks that an equation contradicts are refused`() {
  let a = Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
  func code(_ equation: String, _ operands: [Tensor]) -> GraphError.Code? {
    errorCode(.einsum, operands, ["equation": .string(Array(equation.utf8))])
  }
  #expect(code("ij,jk->ik", [a, a]) == .badShape)
  #expect(code("ijk->i", [a]) == .badShape)
  #expect(code("ij", [a, a]) == .badArity)
  let row = vector([Float](repeating: 0, count: 1 << 16))
  #expect(code("a,b->ab", [row, row]) == .shapeTooLarge)
  #expect(code("a,b->", [row, row]) == .shapeTooLarge)
}

@Test func `quantising rounds ties to even and saturates`() throws {
  let input = vector([0, 1, 3, 5, 1000, -1000, .nan])
  let (scale, zero) = (
    Tensor([2] as [Float], shape: []), Tensor(elementType: .uint8, shape: [], integers: [128])
  )
  let result = try evaluating(.quantizeLinear, [input, scale, zero])[0]
  #expect(result.elementType == .uint8)
  #expect(result.integers[..<6] == [128, 128, 130, 130, 255, 0])
  #expect(try evaluating(.quantizeLinear, [input, scale])[0].integers[..<4] == [0, 0, 2, 2])
  #expect(try evaluating(.dequantizeLinear, [result, scale, zero])[0].floats[2] == 4)
}

@Test func `scales may belong to an axis or to blocks along it`() throws {
  let input = Tensor([2, 2, 2, 2, 2, 2] as [Float], shape: [2, 3])
  let rows: [String: Attribute] = ["axis": .integer(0)]
  #expect(
    try evaluating(.quantizeLinear, [input, vector([1, 2])], rows)[0].integers
      == [2, 2, 2, 1, 1, 1])
  let blocks: [String: Attribute] = ["axis": .integer(1), "block_size": .integer(2)]
  let scales = Tensor([1, 2, 0.5, 0.25] as [Float], shape: [2, 2])
  let small = try evaluating(.quantizeLinear, [input, scales], blocks, opset: 21)[0]
  #expect(small.integers == [2, 2, 1, 4, 4, 8])
  #expect(try evaluating(.dequantizeLinear, [small, scales], blocks, opset: 21)[0] == input)
  #expect(errorCode(.quantizeLinear, [input, vector([1, 2])]) == .badShape)
  let negative: [String: Attribute] = ["block_size": .integer(-1)]
  #expect(errorCode(.quantizeLinear, [input, scales], negative) == .badAttribute)
}

@Test func `an output type chooses among the small integers`() throws {
  let (input, scale) = (vector([-300, 300]), Tensor([1] as [Float], shape: []))
  let int8: [String: Attribute] = ["output_dtype": .integer(3)]
  #expect(try evaluating(.quantizeLinear, [input, scale], int8)[0].integers == [-128, 127])
  let float: [String: Attribute] = ["output_dtype": .integer(1)]
  #expect(errorCode(.quantizeLinear, [input, scale], float) == .badType)
  let unknown: [String: Attribute] = ["output_dtype": .integer(1 << 40)]
  #expect(errorCode(.quantizeLinear, [input, scale], unknown) == .unsupportedVariant)
}
