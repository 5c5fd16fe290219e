import EspalierGraph
import Testing

@Suite struct PoolTests {
  @Test func `the largest element and its place`() throws {
    let y = try evaluating(
      .maxPool, [Tensor([1, 9, 2, 3, 4, 8], shape: [1, 2, 3])], ["kernel_shape": .integers([2])],
      outputs: 2)
    #expect(y[0] == Tensor([9, 9, 4, 8], shape: [1, 2, 2]))
    #expect(y[1] == Tensor(integers: [1, 1, 4, 5], shape: [1, 2, 2]))
  }

  @Test func `places may count columns first`() throws {
    let y = try evaluating(
      .maxPool, [ramp([1, 2, 2, 3])],
      ["kernel_shape": .integers([2, 2]), "storage_order": .integer(1)], outputs: 2)
    // The winners are the last rows' second and third elements of each 2x3 plane.
    #expect(y[1].integers == [3, 5, 9, 11])
  }

  @Test func `padding never wins, not even over negative numbers`() throws {
    let y = try evaluating(
      .maxPool, [Tensor([-5, -7], shape: [1, 1, 2])],
      ["kernel_shape": .integers([2]), "pads": .integers([1, 1])])
    #expect(y[0].floats == [-5, -5, -7])
    let bytes = Tensor(elementType: .int8, shape: [1, 1, 2], integers: [-5, -7])
    let small = try evaluating(
      .maxPool, [bytes], ["kernel_shape": .integers([2]), "pads": .integers([1, 1])])
    #expect(small[0].integers == [-5, -5, -7])
  }

  @Test func `NaN wins`() throws {
    let y = try evaluating(
      .maxPool, [Tensor([1, .nan, 3], shape: [1, 1, 3])], ["kernel_shape": .integers([3])])
    #expect(y[0].floats[0].isNaN)
    #expect(
      try evaluating(.globalMaxPool, [Tensor([.nan, 3], shape: [1, 1, 2])])[0].floats[0].isNaN)
    #expect(
      try evaluating(.globalMaxPool, [Tensor([3, .nan], shape: [1, 1, 2])])[0].floats[0].isNaN)
  }

  @Test func `a partial last window counts on request, unless it starts in the padding`() throws {
    let ceil: [String: Attribute] = [
      "kernel_shape": .integers([2]), "strides": .integers([2]), "ceil_mode": .integer(1),
    ]
    #expect(try evaluating(.maxPool, [ramp([1, 1, 5])], ceil)[0].floats == [1, 3, 4])
    #expect(try evaluating(.averagePool, [ramp([1, 1, 5])], ceil)[0].floats == [0.5, 2.5, 4])
    let padded: [String: Attribute] = [
      "kernel_shape": .integers([2]), "strides": .integers([2]), "ceil_mode": .integer(1),
      "pads": .integers([0, 2]),
    ]
    // Extent 3 and two elements of padding: a third window would start past the input.
    #expect(try evaluating(.maxPool, [ramp([1, 1, 3])], padded)[0].floats == [1, 2])
  }

  @Test func `padding enters the mean on request, what lies past it never`() throws {
    let base: [String: Attribute] = ["kernel_shape": .integers([2]), "pads": .integers([1, 1])]
    let x = Tensor([4, 8], shape: [1, 1, 2])
    #expect(try evaluating(.averagePool, [x], base)[0].floats == [4, 6, 8])
    let counting = base.merging(["count_include_pad": .integer(1)]) { $1 }
    #expect(try evaluating(.averagePool, [x], counting)[0].floats == [2, 6, 4])
    let partial: [String: Attribute] = [
      "kernel_shape": .integers([3]), "strides": .integers([2]), "pads": .integers([0, 1]),
      "ceil_mode": .integer(1), "count_include_pad": .integer(1),
    ]
    // Extent 4 and one element of padding: the last window sees elements 2, 3 and the padding.
    #expect(try evaluating(.averagePool, [ramp([1, 1, 4])], partial)[0].floats == [1, 5 / 3])
  }

  @Test func `dilated windows skip elements`() throws {
    let attributes: [String: Attribute] = [
      "kernel_shape": .integers([2]), "dilations": .integers([2]),
    ]
    #expect(
      try evaluating(.averagePool, [ramp([1, 1, 4])], attributes, opset: 19)[0].floats == [1, 2])
    #expect(try evaluating(.maxPool, [ramp([1, 1, 4])], attributes)[0].floats == [2, 3])
  }

  @Test func `whole planes reduce to one value`() throws {
    let x = ramp([1, 2, 2, 2])
    #expect(
      try evaluating(.globalAveragePool, [x])[0] == Tensor([1.5, 5.5], shape: [1, 2, 1, 1]))
    #expect(try evaluating(.globalMaxPool, [x])[0] == Tensor([3, 7], shape: [1, 2, 1, 1]))
  }

  @Test func `the 2-norm of each window`() throws {
    let y = try evaluating(
      .lpPool, [Tensor([3, -4, 12], shape: [1, 1, 3])], ["kernel_shape": .integers([2])])
    #expect(near(y[0].floats, [5, 12.649111]))
  }

  @Test(arguments: [OperatorKind.maxPool, .averagePool, .lpPool])
  func `bad windows are errors and huge ones do not hang`(kind: OperatorKind) throws {
    #expect(errorCode(kind, [ramp([1, 1, 4])]) == .badAttribute)
    #expect(errorCode(kind, [ramp([1, 4])], ["kernel_shape": .integers([2])]) == .badShape)
    #expect(errorCode(kind, [ramp([1, 1, 4])], ["kernel_shape": .integers([5])]) == .badShape)
    #expect(errorCode(kind, [ramp([1, 1, 4])], ["kernel_shape": .integers([0])]) == .badAttribute)
    let huge: [String: Attribute] = [
      "kernel_shape": .integers([1 << 30]), "pads": .integers([(1 << 30) - 4, 0]),
    ]
    #expect(try evaluating(kind, [ones([1, 1, 4])], huge)[0].count == 1)
  }
}
