import Espalier
import Testing

/// Files of a hundred bytes that ask for gigabytes: refused, or kept unexpanded, at once.
@Suite struct BombTests {
  private static let huge: Int64 = 1 << 31
  static let shapes: [[Int64]] = [
    [1 << 34], [1 << 20, 1 << 20], [1 << 62, 1 << 62], [.max], [.max, .max], [1 << 31, 1, 1],
    [65_536, 65_536], [1 << 31],
  ]

  @Test(arguments: shapes) func constantOfShape(shape: [Int64]) throws {
    try expectSmall("ConstantOfShape \(shape)") { graph in
      graph.addNode("ConstantOfShape", [graph.addConstant("s", Tensor(integers: shape))])
    }
  }

  @Test(arguments: shapes) func expand(shape: [Int64]) throws {
    try expectSmall("Expand \(shape)") { graph in
      let one = graph.addConstant("one", Tensor([1], shape: [1]))
      return graph.addNode("Expand", [one, graph.addConstant("s", Tensor(integers: shape))])
    }
  }

  @Test(arguments: shapes) func tile(shape: [Int64]) throws {
    try expectSmall("Tile \(shape)") { graph in
      let one = graph.addConstant(
        "one", Tensor([1], shape: Array(repeating: 1, count: shape.count)))
      return graph.addNode("Tile", [one, graph.addConstant("s", Tensor(integers: shape))])
    }
  }

  @Test(arguments: [huge, 1 << 34, .max], [1, 2, -1] as [Int64])
  func range(limit: Int64, step: Int64) throws {
    try expectSmall("Range \(limit) \(step)") { graph in
      let bounds = [0, limit, step].enumerated().map {
        graph.addConstant("r\($0.offset)", Tensor(integers: [$0.element], shape: []))
      }
      return graph.addNode("Range", bounds)
    }
  }

  @Test(arguments: ["constant", "reflect", "edge", "wrap"], [huge / 2, huge - 1, 1 << 40, .max])
  func pad(mode: String, amount: Int64) throws {
    try expectSmall("Pad \(mode) \(amount)") { graph in
      let x = graph.addInput("x", TensorType(.float32, [2]))
      let pads = graph.addConstant("pads", Tensor(integers: [0, amount]))
      return graph.addNode(
        "Pad", [x, pads], attributes: ["mode": .string([UInt8](mode.utf8))])
    }
  }

  @Test(arguments: ["nearest", "linear", "cubic"], [huge / 2, huge, 1 << 40, .max])
  func resize(mode: String, extent: Int64) throws {
    try expectSmall("Resize \(mode) \(extent)") { graph in
      let x = graph.addInput("x", TensorType(.float32, [1, 1, 1, 2]))
      let sizes = graph.addConstant("sizes", Tensor(integers: [1, 1, 1, extent]))
      return graph.addNode(
        "Resize", [x, nil, nil, sizes], attributes: ["mode": .string([UInt8](mode.utf8))])
    }
  }

  @Test(arguments: [huge / 4, huge, .max]) func oneHot(depth: Int64) throws {
    try expectSmall("OneHot \(depth)") { graph in
      let index = graph.addConstant("index", Tensor(integers: [0, 1]))
      let count = graph.addConstant("depth", Tensor(integers: [depth]))
      let values = graph.addConstant("values", Tensor([0, 1], shape: [2]))
      return graph.addNode("OneHot", [index, count, values])
    }
  }

  /// Sizes that every tensor by itself may have, in a sum or product that no number holds.
  @Test func operationsBeyondCounting() throws {
    try expectSmall("MatMul") { graph in
      let a = graph.addInput("a", TensorType(.float32, [1 << 30, 1]))
      let b = graph.addInput("b", TensorType(.float32, [1, 1]))
      return graph.addNode("MatMul", [a, b])
    }
    try expectSmall("Einsum") { graph in
      let inputs = ["a", "b", "c"].map {
        graph.addInput($0, TensorType(.float32, [1 << 30]))
      }
      return graph.addNode(
        "Einsum", inputs, attributes: ["equation": .string([UInt8]("a,b,c->".utf8))])
    }
    try expectSmall("two products") { graph in
      let a = graph.addInput("a", TensorType(.float32, [1, 1 << 31]))
      let b = graph.addInput("b", TensorType(.float32, [1 << 31, 1]))
      let large = graph.addNode("MatMul", [b, a])
      return graph.addNode("ReduceSum", [large])
    }
    try expectSmall("many products") { graph in
      let a = graph.addInput("a", TensorType(.float32, [1 << 15, 1 << 16]))
      let b = graph.addInput("b", TensorType(.float32, [1 << 16, 1 << 15]))
      var sum = graph.addNode("ReduceSum", [graph.addNode("MatMul", [a, b])])
      for _ in 0..<3 {
        sum = graph.addNode(
          "Add", [sum, graph.addNode("ReduceSum", [graph.addNode("MatMul", [a, b])])])
      }
      return sum
    }
    try expectSmall("convolutions whose sum no number holds") { graph in
      let x = graph.addInput("x", TensorType(.float32, [1, 1, 1 << 15, 1 << 15]))
      let w = graph.addInput("w", TensorType(.float32, [1, 1, 1 << 15, 1 << 15]))
      let pads = Attribute.integers([1 << 14, 1 << 14, (1 << 14) - 1, (1 << 14) - 1])
      return (0..<16).reduce(x) { y, _ in
        graph.addNode("Conv", [y, w], attributes: ["pads": pads])
      }
    }
    try expectSmall("Dropout's mask") { graph in
      let x = graph.addInput("x", TensorType(.float32, [1 << 30]))
      let both = graph.addNode("Dropout", [x], outputs: 2)
      return graph.addNode("Not", [both[1]])
    }
    try expectSmall("LSTM") { graph in
      let x = graph.addInput("x", TensorType(.float32, [1 << 10, 1 << 10, 1]))
      let w = graph.addInput("w", TensorType(.float32, [1, 4 << 10, 1]))
      let r = graph.addInput("r", TensorType(.float32, [1, 4 << 10, 1 << 10]))
      return graph.addNode(
        "LSTM", [x, w, r], outputs: 1, attributes: ["hidden_size": .integer(1 << 10)])[0]
    }
    try expectSmall("EyeLike through Trilu") { graph in
      let x = graph.addInput("x", TensorType(.float32, [1 << 15, 1 << 15]))
      return graph.addNode("Trilu", [x])
    }
    try expectSmall("Conv") { graph in
      let x = graph.addInput("x", TensorType(.float32, [1, 1, 1 << 15, 1 << 15]))
      let w = graph.addConstant("w", Tensor([1], shape: [1, 1, 1, 1]))
      return graph.addNode(
        "Conv", [x, w], attributes: ["pads": .integers([1 << 13, 1 << 13, 1 << 13, 1 << 13])])
    }
  }

  @Test func `resizing with antialiasing bounds what it reads`() throws {
    try expectSmall("Resize of 2^27 elements to one") { graph in
      let x = graph.addInput("x", TensorType(.float32, [1, 1, 1, 1 << 27]))
      let sizes = graph.addConstant("sizes", Tensor(integers: [1, 1, 1, 1]))
      return graph.addNode(
        "Resize", [x, nil, nil, sizes],
        attributes: ["mode": .string([UInt8]("linear".utf8)), "antialias": .integer(1)])
    }
  }

  /// A depthwise convolution of 25 pixels whose padded rows would fill gigabytes of scratch.
  @Test func `scratch memory has a limit as the arena has`() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [1, 4, 5, 5]))
    let w = graph.addConstant("w", Tensor([Float](repeating: 1, count: 36), shape: [4, 1, 3, 3]))
    graph.outputs = [
      graph.addNode(
        "Conv", [x, w],
        attributes: [
          "group": .integer(4), "dilations": .integers([30_000, 30_000]),
          "pads": .integers([30_000, 30_000, 30_000, 30_000]),
        ])
    ]
    let model = try loadModel(
      bytes: Conversion(Specialised(graph), file: "test").bytes(), name: "test")
    let image = Tensor([Float](repeating: 1, count: 100), shape: [1, 4, 5, 5])
    #expect(throws: EspalierError.self) { try Espalier.run(model, inputs: ["x": image]) }
  }

  /// Converts within seconds to a file of moderate size, or is refused.
  private func expectSmall(
    _ name: String, _ make: (inout Graph) -> Graph.ValueID
  ) throws {
    var graph = Graph()
    graph.opset = 19
    let output = make(&graph)
    // Declared, so that writing the file does not ask for its shape.
    graph.values[output].elementType = .float32
    graph.outputs = [output]
    let file = try exportONNX(graph)
    #expect(file.count < 2048)
    let start = ContinuousClock.now
    let size = convertedSize(file)
    let duration = ContinuousClock.now - start
    #expect(duration < .seconds(5), "\(name) took \(duration)")
    #expect(size < 512 << 20, "\(name) became \(size) bytes")
  }

  /// Bytes of the packed file; 0 where the model is refused.
  private func convertedSize(_ file: [UInt8]) -> Int {
    do {
      let typed = try Specialised(importONNX(bytes: file))
      _ = try Inspection(typed, file: "test")
      return try Conversion(typed, file: "test").bytes().count
    } catch {
      return 0
    }
  }
}
