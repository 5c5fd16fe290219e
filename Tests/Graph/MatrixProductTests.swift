import EspalierGraph
import EspalierSeeded
import Testing

@Suite struct MatrixProductTests {
  @Test func `Gemm transposes, scales and broadcasts`() throws {
    let a = ramp([3, 2])  // transposed: [0 2 4; 1 3 5]
    let b = ramp([2, 3])  // transposed: [0 3; 1 4; 2 5]
    let addend = Tensor([10, 20], shape: [2, 1])
    let y = try evaluating(
      .gemm, [a, b, addend],
      ["transA": .integer(1), "transB": .integer(1), "alpha": .float(2), "beta": .float(0.5)])
    #expect(y[0].shape == [2, 2])
    #expect(y[0].floats == [25, 61, 36, 90])
  }

  @Test func `Gemm needs its third input before opset 11`() throws {
    #expect(errorCode(.gemm, [ramp([1, 2]), ramp([2, 1])], opset: 9) == .badArity)
    #expect(try evaluating(.gemm, [ramp([1, 2]), ramp([2, 1])], opset: 11)[0].floats == [1])
  }

  @Test func `MatMul broadcasts leading axes`() throws {
    let y = try evaluating(.matMul, [ramp([2, 1, 1, 2]), ramp([3, 2, 1])])
    #expect(y[0].shape == [2, 3, 1, 1])
    #expect(y[0].floats == [1, 3, 5, 3, 13, 23])
  }

  @Test func `MatMul takes vectors on either side`() throws {
    let matrix = ramp([2, 3])
    #expect(try evaluating(.matMul, [matrix, ones([3])])[0] == Tensor([3, 12], shape: [2]))
    #expect(try evaluating(.matMul, [ones([2]), matrix])[0] == Tensor([3, 5, 7], shape: [3]))
    #expect(try evaluating(.matMul, [ones([3]), ones([3])])[0] == Tensor([3], shape: []))
  }

  @Test func `integer products are exact and wrap`() throws {
    let large = Tensor(integers: [1 << 62, 1], shape: [1, 2])
    let column = Tensor(integers: [3, 5], shape: [2, 1])
    #expect(try evaluating(.matMul, [large, column])[0].integers == [-(1 << 62) + 5])
  }

  @Test func `an empty inner axis gives zeros`() throws {
    let y = try evaluating(.matMul, [ramp([2, 0]), ramp([0, 2])])
    #expect(y[0].floats == [0, 0, 0, 0])
  }

  @Test func `shapes that do not multiply are errors`() {
    #expect(errorCode(.matMul, [ramp([2, 3]), ramp([2, 3])]) == .badShape)
    #expect(errorCode(.matMul, [ramp([2, 2, 3]), ramp([3, 3, 2])]) == .badShape)
    #expect(errorCode(.matMul, [ramp([]), ramp([1])]) == .badShape)
    #expect(errorCode(.gemm, [ramp([2]), ramp([2, 1])]) == .badShape)
    #expect(errorCode(.gemm, [ramp([2, 2]), ramp([2, 2]), ramp([3])]) == .badShape)
    #expect(errorCode(.gemm, [ramp([1, 2]), ramp([2, 1]), ramp([3, 1])]) == .badShape)
    #expect(errorCode(.matMul, [ramp([2]), Tensor(integers: [1, 2])]) == .badType)
  }

  @Test func `multiply-accumulates count the inner extent`() throws {
    let node = NodeContext(
      attributes: ["transA": .integer(1)], opset: 13, inputs: [true, true], outputCount: 1)
    let (a, b) = (TensorType(.float32, [7, 3]), TensorType(.float32, [7, 5]))
    let y = TensorType(.float32, [3, 5])
    #expect(try Gemm(node).multiplyAccumulates([a, b], [y]) == 105)
    let batch = [TensorType(.float32, [4, 3, 7]), TensorType(.float32, [7, 5])]
    let matMul = try MatMul(node)
    #expect(matMul.multiplyAccumulates(batch, [TensorType(.float32, [4, 3, 5])]) == 420)
  }
}
