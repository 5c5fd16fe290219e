import Espalier
import EspalierGraph
import EspalierONNX
import Foundation
import Testing

/// Files of a hundred bytes that ask for gigabytes: refused for their size, or kept unexpanded, at once
/// and in little memory.
@Suite struct BombTests {
  /// What a model may be refused for here: that it is too large, and nothing else.
  private static let tooLarge: Set<String> = ["E1006", "E1014", "E3010"]

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

  static let limits = [huge, 1 << 34, .max]
  static let steps: [Int64] = [1, 2, -1]

  @Test(arguments: limits, steps)
  func range(limit: Int64, step: Int64) throws {
    // What is too long to be written out stays, and nothing executes it.
    try expectSmall("Range \(limit) \(step)", orCode: "E1001") { graph in
      let bounds = [0, limit, step].enumerated().map {
        graph.addConstant("r\($0.offset)", Tensor(integers: [$0.element], shape: []))
      }
      return graph.addNode("Range", bounds)
    }
  }

  static let padModes = ["constant", "reflect", "edge", "wrap"]
  static let amounts: [Int64] = [huge / 2, huge - 1, 1 << 40, .max]

  @Test(arguments: padModes, amounts)
  func pad(mode: String, amount: Int64) throws {
    try expectSmall("Pad \(mode) \(amount)") { graph in
      let x = graph.addInput("x", TensorType(.float32, [2]))
      let pads = graph.addConstant("pads", Tensor(integers: [0, amount]))
      return graph.addNode(
        "Pad", [x, pads], attributes: ["mode": .string([UInt8](mode.utf8))])
    }
  }

  static let resizeModes = ["nearest", "linear", "cubic"]
  static let extents: [Int64] = [huge / 2, huge, 1 << 40, .max]

  @Test(arguments: resizeModes, extents)
  func resize(mode: String, extent: Int64) throws {
    // The operator's own rule bounds a size.
    try expectSmall("Resize \(mode) \(extent)", orCode: "E1005") { graph in
      let x = graph.addInput("x", TensorType(.float32, [1, 1, 1, 2]))
      let sizes = graph.addConstant("sizes", Tensor(integers: [1, 1, 1, extent]))
      return graph.addNode(
        "Resize", [x, nil, nil, sizes], attributes: ["mode": .string([UInt8](mode.utf8))])
    }
  }

  static let depths: [Int64] = [huge / 4, huge, .max]

  @Test(arguments: depths) func oneHot(depth: Int64) throws {
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
    let conversion = try Conversion(Specialised(graph), file: "test")
    let error = #expect(throws: EspalierError.self) { try conversion.bytes() }
    #expect(error?.description.contains("E3010") == true, "\(String(describing: error))")
  }

  /// Bytes that converting a bomb may take on top of what the process has.
  private static let memory = 1 << 30

  /// Each test of this suite once more, in a process that gets no more than `memory`: what asks for
  /// more does not get it, and ends the process.
  @Test func `memory stays small`() async {
    await #expect(processExitsWith: .success) {
      let tests = BombTests()
      try BombTests.limitMemory()
      for shape in BombTests.shapes {
        try tests.constantOfShape(shape: shape)
        try tests.expand(shape: shape)
        try tests.tile(shape: shape)
      }
      for limit in BombTests.limits {
        for step in BombTests.steps { try tests.range(limit: limit, step: step) }
      }
      for mode in BombTests.padModes {
        for amount in BombTests.amounts { try tests.pad(mode: mode, amount: amount) }
      }
      for mode in BombTests.resizeModes {
        for extent in BombTests.extents { try tests.resize(mode: mode, extent: extent) }
      }
      for depth in BombTests.depths { try tests.oneHot(depth: depth) }
      try tests.operationsBeyondCounting()
      try tests.`resizing with antialiasing bounds what it reads`()
      try tests.`scratch memory has a limit as the arena has`()
    }
  }

  /// The limit bites: what asks for as much does not get it.
  @Test func `more memory is not there`() async {
    await #expect(processExitsWith: .failure) {
      guard (try? BombTests.limitMemory()) != nil else { exit(0) }
      let bytes = [UInt8](repeating: 1, count: BombTests.memory)
      exit(Int32(bytes[bytes.count / 2]) - 1)
    }
  }

  private static func limitMemory() throws {
    let pages = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
    let used = UInt(pages.split(separator: " ")[0])! * UInt(getpagesize())
    var limit = rlimit(rlim_cur: used + UInt(memory), rlim_max: used + UInt(memory))
    precondition(unsafe setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
  }

  /// Converts within seconds to a file of moderate size, or is refused for its size.
  /// - Parameter code: Another code that says so of this operator.
  private func expectSmall(
    _ name: String, orCode code: String? = nil, _ make: (inout Graph) -> Graph.ValueID
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
    do {
      let typed = try Specialised(importONNX(bytes: file))
      _ = try Inspection(typed, file: "test")
      let size = try Conversion(typed, file: "test").bytes().count
      #expect(size < 1 << 20, "\(name) became \(size) bytes")
    } catch {
      let codes = Set("\(error)".matches(of: /E[0-9]{4}/).map { String($0.output) })
      #expect(
        !codes.isEmpty && codes.isSubset(of: Self.tooLarge.union(code.map { [$0] } ?? [])),
        "\(name) is refused for another reason: \(error)")
    }
    let duration = ContinuousClock.now - start
    #expect(duration < .seconds(5), "\(name) took \(duration)")
  }
}
