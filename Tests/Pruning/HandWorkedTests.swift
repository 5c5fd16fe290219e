import EspalierGraph
import Testing

@testable import EspalierPruning

/// Small cases whose answer is worked out by hand.
@Suite struct HandWorkedTests {
  @Test func unstructuredTakesTheSmallest() throws {
    let weight = Tensor([0.5, -0.1, 0.3, -0.9, 0.2, 0.7], shape: [2, 3])
    let graph = network(
      "Gemm", input: [1, 3], weight: weight, attributes: ["transB": .integer(1)])
    #expect(try prune(graph, "unstructured", 0.5) == [0.5, 0, 0, -0.9, 0, 0.7])
  }

  @Test func ofEqualMagnitudesTheLaterGoes() throws {
    let weight = Tensor([Float](repeating: -1, count: 8), shape: [2, 4])
    let gemm = network("Gemm", input: [1, 4], weight: weight, attributes: ["transB": .integer(1)])
    #expect(pattern(of: try prune(gemm, "unstructured", 0.5)) == "11110000")
    #expect(pattern(of: try prune(gemm, "nm:2:4")) == "11001100")
    #expect(pattern(of: try prune(gemm, "block:1x2", 0.25)) == "11111100")
  }

  @Test func nothingGoesAtSparsityZero() throws {
    let graph = network(
      "MatMul", input: [1, 2], weight: Tensor([1, 2, 3, 4], shape: [2, 2]))
    #expect(try prune(graph, "unstructured", 0) == [1, 2, 3, 4])
  }

  @Test func eachLayerKeepsItsLargestBlock() throws {
    let graph = network(
      "MatMul", input: [1, 2], weight: Tensor([1, 2, 3, 4], shape: [2, 2]))
    #expect(try prune(graph, "unstructured", 0.99) == [0, 0, 0, 4])
  }

  /// A product's weight is [inputs, outputs]: runs of input channels go down its columns.
  @Test func strictRunsGoAlongTheInputsOfAProduct() throws {
    let weight = Tensor([1, 8, 2, 7, 3, 6, 4, 5], shape: [4, 2])
    #expect(
      try prune(network("MatMul", input: [1, 4], weight: weight), "nm:2:4")
        == [0, 8, 0, 7, 3, 0, 4, 0])
    #expect(
      try prune(network("Gemm", input: [1, 4], weight: weight), "nm:2:4")
        == [0, 8, 0, 7, 3, 0, 4, 0])
  }

  /// The same numbers as outputs by inputs: runs go along the rows.
  @Test func strictRunsGoAlongTheRowsOfATransposedGemm() throws {
    let weight = Tensor([1, 8, 2, 7, 3, 6, 4, 5], shape: [2, 4])
    let graph = network(
      "Gemm", input: [1, 4], weight: weight, attributes: ["transB": .integer(1)])
    #expect(try prune(graph, "nm:2:4") == [0, 8, 0, 7, 0, 6, 0, 5])
  }

  /// OIHW with two taps: neighbours in memory are taps, not input channels.
  @Test func strictRunsStayWithinAKernelTap() throws {
    // Four input channels with taps (a, b): (1, 8), (2, 7), (3, 6), (4, 5).
    let weight = Tensor([1, 8, 2, 7, 3, 6, 4, 5], shape: [1, 4, 1, 2])
    let graph = network("Conv", input: [1, 4, 1, 2], weight: weight)
    #expect(try prune(graph, "nm:2:4") == [0, 8, 0, 7, 3, 0, 4, 0])
  }

  @Test func blocksStayWithinAKernelTap() throws {
    // Two outputs and inputs, two taps: tap b is the smaller everywhere.
    let weight = Tensor([9, 1, 9, 1, 9, 1, 9, 1], shape: [2, 2, 1, 2])
    let graph = network("Conv", input: [1, 2, 1, 2], weight: weight)
    #expect(try prune(graph, "block:2x2", 0.5) == [9, 0, 9, 0, 9, 0, 9, 0])
  }

  /// The weight of a transposed convolution is [inputs, outputs, kernel].
  @Test func transposedConvolutionHasInputsFirst() throws {
    let weight = Tensor([1, 8, 2, 7, 3, 6, 4, 5], shape: [4, 2, 1, 1])
    let graph = network("ConvTranspose", input: [1, 4, 1, 1], weight: weight)
    #expect(try prune(graph, "nm:2:4") == [0, 8, 0, 7, 3, 0, 4, 0])
    // Blocks of two outputs by one input: inputs 0 and 3 have 1²+8² and 4²+5², 1 and 2 between.
    #expect(try prune(graph, "block:2x1", 0.5) == [1, 8, 2, 7, 0, 0, 0, 0])
  }

  @Test func vectorRowsShareTheirColumns() throws {
    // Sums of squares by column: 82, 8, 10, 40.
    let weight = Tensor([9, 2, 1, 6, 1, 2, 3, 2], shape: [2, 4])
    let graph = network(
      "Gemm", input: [1, 4], weight: weight, attributes: ["transB": .integer(1)])
    #expect(try prune(graph, "vnm:2:2:4") == [9, 0, 0, 6, 1, 0, 0, 2])
    // Row by row the second row keeps others.
    #expect(try prune(graph, "nm:2:4") == [9, 0, 0, 6, 0, 2, 3, 0])
  }

  @Test func criterionDecidesBetweenOneLargeAndTwoMedium() throws {
    // Blocks {4, 0} and {2.5, 2.5}: sums 4 and 5, squares 16 and 12.5.
    let weight = Tensor([4, 0, 2.5, 2.5], shape: [2, 2])
    let graph = network(
      "Gemm", input: [1, 2], weight: weight, attributes: ["transB": .integer(1)])
    #expect(try prune(graph, "block:1x2", 0.5, criterion: .l1) == [0, 0, 2.5, 2.5])
    #expect(try prune(graph, "block:1x2", 0.5, criterion: .l2) == [4, 0, 0, 0])
  }

  /// A small block at the edge is judged by its mean, not its sum.
  @Test func edgeBlocksAreNotPrunedForBeingSmall() throws {
    let weight = Tensor([1, 1, 3, 1, 1, 3], shape: [2, 3])
    let graph = network(
      "Gemm", input: [1, 3], weight: weight, attributes: ["transB": .integer(1)])
    #expect(try prune(graph, "block:2x2", 0.6) == [0, 0, 3, 0, 0, 3])
  }

  @Test func tailsOfRunsStayDense() throws {
    let weight = Tensor([4, 3, 2, 1, 0.1, 0.2], shape: [1, 6])
    let graph = network(
      "Gemm", input: [1, 6], weight: weight, attributes: ["transB": .integer(1)])
    #expect(try prune(graph, "nm:2:4") == [4, 3, 0, 0, 0.1, 0.2])
  }

  /// Two groups of one output and two inputs: rows of different groups share nothing.
  @Test func groupsAreApart() throws {
    let weight = Tensor([5, 1, 2, 6], shape: [2, 2, 1, 1])
    let graph = network(
      "Conv", input: [1, 4, 1, 1], weight: weight, attributes: ["group": .integer(2)])
    #expect(try prune(graph, "vnm:2:1:2") == [5, 0, 0, 6])
    #expect(try prune(graph, "block:2x1", 0.5) == [5, 0, 0, 6])
    let plain = network("Conv", input: [1, 2, 1, 1], weight: weight)
    #expect(try prune(plain, "vnm:2:1:2") == [0, 1, 0, 6])
  }

  @Test func weightsBehindATransposeArePrunedInTheirOwnOrder() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [1, 4]))
    let w = graph.addConstant("weight", Tensor([1, 8, 2, 7, 3, 6, 4, 5], shape: [2, 4]))
    let turned = graph.addNode("Transpose", [w], attributes: ["perm": .integers([1, 0])])
    graph.outputs = [graph.addNode("MatMul", [x, turned])]
    #expect(try prune(graph, "nm:2:4") == [0, 8, 0, 7, 0, 6, 0, 5])
  }

  @Test func doublesAndZerosAlreadyThereAreKeptApart() throws {
    let weight = Tensor(
      elementType: .float64, shape: [1, 4], storage: .double([0, 1e-300, 1e300, 2]))
    let graph = network(
      "Gemm", input: [1, 4], weight: weight, attributes: ["transB": .integer(1)])
    let pruner = try MagnitudePruner(
      pattern: .unstructured, sparsity: 0.5, keepsFirstAndLast: false)
    let (result, report) = try pruner.pruned(graph)
    #expect(result.values.first { $0.name == "weight" }?.constant?.doubles == [0, 0, 1e300, 2])
    #expect(report.layers[0].kept == 2)
  }
}
