import Espalier
import EspalierGraph
import EspalierSeeded
import Testing

/// Each pruning pattern reaches the kernel family that is made for it where that is the fastest, and the
/// file says so.
@Suite struct EncodingTests {
  @Test(arguments: Zeros.all) func patternsArriveAsThemselves(zeros: Zeros) throws {
    let packed = try Packed(zeros.applied(to: wideNetwork()), seed: 1, fastest: zeros.pattern)
    for layer in packed.conversion.layers where layer.name.hasPrefix("wide") {
      #expect(layer.encoding == zeros.pattern, "\(layer.name): \(layer.reason)")
      if let sparsity = zeros.sparsity { #expect(abs(1 - layer.density - sparsity) < 0.02) }
    }
    // The loaded file tells the same about each layer.
    let model = try loadModel(bytes: packed.bytes, name: "test")
    let encodings = (0..<model.stepCount).compactMap { model.step($0).encoding }
    #expect(encodings == packed.conversion.layers.map(\.encoding))
    for set in availableSets {
      let found = try packed.differences(packed.results(instructionSet: set))
      #expect(found.isEmpty, "\(set.name): \(found)")
    }
  }

  @Test(arguments: Zeros.all) func denseOnRequest(zeros: Zeros) throws {
    let packed = try Packed(zeros.applied(to: wideNetwork()), seed: 2, keepsDense: true)
    #expect(packed.conversion.layers.allSatisfy { $0.encoding == "dense" })
    #expect(try packed.differences(packed.results()).isEmpty)
  }

  @Test func whatIsLeftOutIsNotStored() throws {
    let dense = try Packed(wideNetwork(), seed: 3)
    let sparse = try Packed(
      Zeros(pattern: "block:16x8", sparsity: 0.8).applied(to: wideNetwork()), seed: 3)
    #expect(sparse.bytes.count * 3 < dense.bytes.count)
  }

  @Test func depthwiseLayersStayDense() throws {
    var random = Seeded(seed: 4)
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [1, 32, 9, 9]))
    let weight = graph.addConstant("w", random.tensor([32, 1, 3, 3]))
    graph.outputs = [
      graph.addNode("Conv", [x, weight], name: "depthwise", attributes: ["group": .integer(32)])
    ]
    let packed = try Packed(
      Zeros(pattern: "unstructured", sparsity: 0.5).applied(to: graph), seed: 4)
    #expect(packed.conversion.layers.map(\.encoding) == ["dense"])
    #expect(try packed.differences(packed.results()).isEmpty)
  }

  /// Kernels take their bias when the model is loaded, so what is computed must not become one.
  @Test(arguments: availableSets) func computedBiasIsAdded(_ set: InstructionSet) throws {
    var random = Seeded(seed: 5)
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [2, 16, 9, 7]))
    let bias = graph.addInput("bias", TensorType(.float32, [24]))
    let weight = graph.addConstant("w", random.tensor([24, 16, 3, 3]))
    graph.outputs = [graph.addNode("Relu", [graph.addNode("Conv", [x, weight, bias])])]
    let packed = try Packed(graph, seed: 5)
    #expect(try packed.differences(packed.results(instructionSet: set)).isEmpty)
  }

  /// Wide maps are computed by 4 by 4 outputs, the deeper and smaller one by 2 by 2.
  @Test func denseConvolutionsAreTransformed() throws {
    var random = Seeded(seed: 6)
    var graph = Graph()
    graph.opset = 17
    let x = graph.addInput("x", TensorType(.float32, [2, 32, 22, 19]))
    func convolution(_ y: Graph.ValueID, _ channels: Int, _ rows: Int) -> Graph.ValueID {
      let weight = graph.addConstant(
        "w\(channels)", random.tensor([rows, channels, 3, 3], scale: 0.06))
      let bias = graph.addConstant("b\(channels)", random.tensor([rows]))
      let sum = graph.addNode(
        "Conv", [y, weight, bias], name: "from\(channels)",
        attributes: ["pads": .integers([1, 0, 1, 2])])
      return graph.addNode("Relu", [sum])
    }
    let wide = convolution(x, 32, 61)
    let narrow = graph.addNode(
      "MaxPool", [wide],
      attributes: ["kernel_shape": .integers([3, 3]), "strides": .integers([2, 2])])
    let last = convolution(narrow, 61, 59)
    graph.outputs = [graph.addNode("Add", [last, graph.addNode("Relu", [last])])]
    let packed = try Packed(graph, seed: 7)
    #expect(packed.conversion.layers.map(\.encoding) == ["winograd:4x4", "winograd:2x2"])
    let model = try loadModel(bytes: packed.bytes, name: "test")
    let encodings = (0..<model.stepCount).compactMap { model.step($0).encoding }
    #expect(encodings == ["winograd:4x4", "winograd:2x2"])
    for set in availableSets {
      for threads in [1, 2] {
        let found = try packed.differences(packed.results(threads: threads, instructionSet: set))
        #expect(found.isEmpty, "\(set.name), \(threads) threads: \(found)")
      }
    }
  }

  /// A convolution, a pointwise one and a linear layer, each wide enough for every kernel.
  private func wideNetwork() -> Graph {
    var random = Seeded(seed: 5)
    var graph = Graph()
    graph.opset = 17
    let x = graph.addInput("x", TensorType(.float32, [1, 64, 9, 9]))
    let first = graph.addConstant("w1", random.tensor([64, 64, 3, 3], scale: 0.1))
    let second = graph.addConstant("w2", random.tensor([128, 64, 1, 1], scale: 0.2))
    let third = graph.addConstant("w3", random.tensor([128, 96], scale: 0.2))
    var y = graph.addNode(
      "Conv", [x, first], name: "wide3x3", attributes: ["pads": .integers([1, 1, 1, 1])])
    y = graph.addNode("Relu", [y])
    y = graph.addNode("Conv", [y, second], name: "wide1x1")
    y = graph.addNode(
      "Reshape", [y, graph.addConstant("shape", Tensor(integers: [1, 128, 81]))])
    y = graph.addNode("Transpose", [y], attributes: ["perm": .integers([0, 2, 1])])
    graph.outputs = [graph.addNode("MatMul", [y, third], name: "wideLinear")]
    return graph
  }
}
