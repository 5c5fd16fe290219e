import Espalier
import EspalierGraph
import EspalierONNX
import EspalierSeeded
import Testing

/// Small ONNX files, cut and changed: an error or a model, never a trap, a hang or a giant.
@Suite struct ImportDamageTests {
  /// Undamaged they give what the reference gives, so that damage starts from what works.
  @Test func undamagedNetworksAgree() throws {
    for graph in Self.networks {
      let packed = try Packed(graph, seed: 1)
      let found = try packed.differences(packed.results())
      #expect(found.isEmpty, "\(graph.nodes[0].operation): \(found)")
    }
  }

  @Test func everyTruncationIsAnErrorOrAModel() throws {
    let bytes = try exportONNX(Self.networks[0])
    for length in 0..<bytes.count { attempt(Array(bytes[..<length])) }
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64]) func mutationsNeverTrap(seed: UInt64) throws {
    var random = Seeded(seed: seed)
    let files = try Self.networks.map { try exportONNX($0) }
    var outcomes: [Outcome: Int] = [:]
    for _ in 0..<5000 {
      var bytes = random.pick(files)
      for _ in 0..<random.pick([1, 1, 2, 4]) { mutate(&bytes, &random) }
      outcomes[attempt(bytes), default: 0] += 1
    }
    // Both sides of the check are really met.
    #expect(outcomes[.ran, default: 0] > 300, "seed \(seed): \(outcomes)")
    #expect(outcomes[.refused, default: 0] > 3_000, "seed \(seed): \(outcomes)")
    #expect(outcomes[.unloadable] == nil, "seed \(seed): \(outcomes)")
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout Seeded) {
    let place = random.next(in: 0...bytes.count - 1)
    switch random.next(in: 0...5) {
    case 0: bytes[place] ^= 1 << UInt8(random.next(in: 0...7))
    case 1: bytes[place] = UInt8(truncatingIfNeeded: random.next())
    case 2: bytes[place] = random.pick([0, 1, 0x7F, 0x80, 0xFF])
    case 3: bytes.remove(at: place)
    case 4: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
    default:
      let end = min(place + random.next(in: 1...9), bytes.count)
      bytes.insert(contentsOf: bytes[place..<end], at: place)
    }
  }

  private enum Outcome: Hashable { case refused, tooLarge, unloadable, failed, ran }

  /// Everything that a user would do with a file; what it computes is not judged here.
  @discardableResult
  private func attempt(_ bytes: [UInt8]) -> Outcome {
    guard let graph = try? importONNX(bytes: bytes),
      let typed = try? Specialised(graph),
      let conversion = try? Conversion(typed, file: "test")
    else { return .refused }
    // What a mutated extent makes large is right to convert, and too slow to run here.
    guard conversion.arenaByteCount < 1 << 22 else { return .tooLarge }
    guard let file = try? conversion.bytes(),
      let model = try? loadModel(bytes: file, name: "test")
    else {
      Issue.record("a converted file does not load: \(reason(conversion))")
      return .unloadable
    }
    let macs = (0..<model.stepCount).reduce(UInt64(0)) { $0 &+ model.step($1).multiplyAccumulates }
    guard macs < 1 << 24 else { return .tooLarge }
    let inputs = typed.randomInputs(seed: 1)
    return (try? model.run(inputs)) == nil ? .failed : .ran
  }

  private func reason(_ conversion: Conversion) -> String {
    do {
      _ = try loadModel(bytes: conversion.bytes(), name: "test")
      return ""
    } catch {
      return "\(error)"
    }
  }

  // MARK: Seeds

  /// Tiny networks that between them use most kinds of operators.
  static let networks: [Graph] = [
    images(), tokens(), movement(), selection(), recurrent(),
    RandomNetwork.make(seed: 9, length: 4),
  ]

  private static func images() -> Graph {
    var random = Seeded(seed: 1)
    var graph = Graph()
    graph.opset = 17
    let x = graph.addInput("x", TensorType(.float32, [1, 2, 4, 4]))
    let w = graph.addConstant("w", random.tensor([2, 2, 3, 3]))
    let v = graph.addConstant("v", random.tensor([2, 1, 2, 2]))
    var y = graph.addNode(
      "Conv", [x, w],
      attributes: ["pads": .integers([1, 1, 1, 1]), "dilations": .integers([1, 1])])
    y = graph.addNode(
      "MaxPool", [y],
      attributes: ["kernel_shape": .integers([2, 2]), "strides": .integers([1, 1])])
    y = graph.addNode(
      "ConvTranspose", [y, v], attributes: ["strides": .integers([2, 2]), "group": .integer(2)])
    y = graph.addNode("LRN", [y], attributes: ["size": .integer(3)])
    let sizes = graph.addConstant("sizes", Tensor(integers: [1, 2, 3, 5]))
    y = graph.addNode(
      "Resize", [y, nil, nil, sizes], attributes: ["mode": .string([108, 105, 110, 101, 97, 114])])
    graph.outputs = [graph.addNode("GlobalAveragePool", [y])]
    return graph
  }

  private static func tokens() -> Graph {
    var random = Seeded(seed: 2)
    var graph = Graph()
    graph.opset = 20
    let x = graph.addInput("x", TensorType(.float32, [2, 3, 4]))
    let w = graph.addConstant("w", random.tensor([4, 4]))
    let scale = graph.addConstant("s", random.tensor([4]))
    let y = graph.addNode(
      "LayerNormalization", [x, scale, scale], attributes: ["axis": .integer(-1)])
    let product = graph.addNode("MatMul", [y, w])
    let turned = graph.addNode("Transpose", [product], attributes: ["perm": .integers([0, 2, 1])])
    let scores = graph.addNode("Softmax", [graph.addNode("MatMul", [product, turned])])
    let mixed = graph.addNode(
      "Einsum", [scores, y], attributes: ["equation": .string([UInt8]("bij,bjk->bik".utf8))])
    graph.outputs = [graph.addNode("Gelu", [mixed])]
    return graph
  }

  private static func movement() -> Graph {
    var graph = Graph()
    graph.opset = 17
    let x = graph.addInput("x", TensorType(.float32, [2, 4]))
    func list(_ name: String, _ values: [Int64]) -> Graph.ValueID {
      graph.addConstant(name, Tensor(integers: values))
    }
    let shape = graph.addNode("Shape", [x])
    let filled = graph.addNode("ConstantOfShape", [shape])
    let wide = graph.addNode("Expand", [x, list("wide", [3, 2, 4])])
    let tiled = graph.addNode("Tile", [wide, list("times", [1, 2, 1])])
    let padded = graph.addNode(
      "Pad", [tiled, list("pads", [0, 1, 0, 0, 1, 2])],
      attributes: ["mode": .string([UInt8]("reflect".utf8))])
    let cut = graph.addNode(
      "Slice",
      [padded, list("from", [1]), list("to", [5]), list("axes", [1]), list("steps", [2])])
    let split = graph.addNode("Split", [cut], outputs: 2, attributes: ["axis": .integer(1)])
    let joined = graph.addNode("Concat", [split[1], split[0]], attributes: ["axis": .integer(-1)])
    let flat = graph.addNode("Reshape", [joined, list("flat", [0, -1])])
    let sum = graph.addNode(
      "ReduceSum", [flat, list("last", [1])], attributes: ["keepdims": .integer(1)])
    graph.outputs = [graph.addNode("Add", [sum, graph.addNode("ReduceMax", [filled])])]
    return graph
  }

  private static func selection() -> Graph {
    var graph = Graph()
    graph.opset = 17
    let x = graph.addInput("x", TensorType(.float32, [3, 4]))
    let index = graph.addInput("index", TensorType(.int64, [2, 2]))
    let picked = graph.addNode("Gather", [x, index], attributes: ["axis": .integer(1)])
    let k = graph.addConstant("k", Tensor(integers: [2]))
    let top = graph.addNode("TopK", [x, k], outputs: 2, attributes: ["axis": .integer(-1)])
    let scattered = graph.addNode(
      "ScatterElements", [x, top[1], top[0]], attributes: ["axis": .integer(1)])
    let depth = graph.addConstant("depth", Tensor(integers: [4]))
    let values = graph.addConstant("values", Tensor([0, 1], shape: [2]))
    let hot = graph.addNode("OneHot", [index, depth, values], attributes: ["axis": .integer(-1)])
    let range = graph.addNode(
      "Range",
      [0, 4, 1].map { graph.addConstant("r\($0)", Tensor(integers: [$0], shape: [])) })
    let axis = graph.addConstant("axis", Tensor(integers: [0], shape: []))
    let steps = graph.addNode(
      "CumSum", [graph.addNode("Cast", [range], attributes: ["to": .integer(1)]), axis])
    let sum = graph.addNode("Add", [scattered, steps])
    graph.outputs = [sum, picked, hot, graph.addNode("ArgMax", [x])]
    return graph
  }

  private static func recurrent() -> Graph {
    var random = Seeded(seed: 4)
    var graph = Graph()
    graph.opset = 14
    let x = graph.addInput("x", TensorType(.float32, [3, 1, 2]))
    let w = graph.addConstant("w", random.tensor([1, 8, 2]))
    let r = graph.addConstant("r", random.tensor([1, 8, 2]))
    let b = graph.addConstant("b", random.tensor([1, 16]))
    let y = graph.addNode(
      "LSTM", [x, w, r, b], outputs: 3, attributes: ["hidden_size": .integer(2)])
    graph.outputs = [y[0], y[2]]
    return graph
  }
}
