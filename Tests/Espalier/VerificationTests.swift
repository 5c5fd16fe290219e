import EspalierGraph
import EspalierSeeded
import Foundation
import Testing

@testable import Espalier

/// What `verify` calls alike, and what it says of the rest.
@Suite struct VerificationTests {
  private func compare(
    _ own: [Float], _ other: [Float], rounding: ElementType = .float32, knownRange: Double? = nil
  ) -> Verification {
    Verification(
      ["y": Tensor(own, shape: [own.count])],
      against: [("y", Tensor(other, shape: [other.count]))], tolerance: Tolerance(),
      rounding: ["y": rounding], knownRanges: knownRange.map { ["y": $0] } ?? [:])
  }

  @Test func `NaN on one side differs, and on both is named`() {
    let one = compare([1, .nan, 3], [1, 2, 3])
    #expect(!one.pass && one.outputs[0].reason == "is NaN on one side alone in 1 of 3 values")
    #expect(!compare([1, 2, 3], [1, .nan, 3]).pass)
    var both = compare([1, .nan, 3], [1, .nan, 3])
    #expect(both.pass && both.outputs[0].note == "1 of 3 values are NaN on both sides")
    both.failWhereAllIsNaN()
    #expect(both.pass)
    var all = compare([.nan, .nan], [.nan, .nan])
    #expect(all.pass)
    all.failWhereAllIsNaN()
    #expect(!all.pass && all.outputs[0].reason?.contains("nothing was compared") == true)
  }

  @Test func `the tolerance is that of the coarsest rounding on the way`() {
    let exact: [Float] = [0, 1, 2, 3]
    let half: [Float] = [0, 1, 2, 3.005]
    #expect(!compare(half.map { $0 + 0.004 }, exact).pass)
    #expect(compare(half.map { $0 + 0.004 }, exact, rounding: .float16).pass)
    #expect(!compare(half.map { $0 + 0.04 }, exact, rounding: .float16).pass)
    #expect(compare(half.map { $0 + 0.04 }, exact, rounding: .bfloat16).pass)
    #expect(!compare(half.map { $0 + 0.4 }, exact, rounding: .bfloat16).pass)
  }

  /// A hundredth of 1 allows 1e-6, and a thousandth of an expected value may differ besides.
  @Test func `a tiny output of a known range may differ by the rounding of that range`() {
    let tiny: [Float] = [5e-7]
    #expect(!compare([5.01e-7], tiny).pass)
    #expect(compare([14.99e-7], tiny, knownRange: 1).pass)
    #expect(!compare([15.1e-7], tiny, knownRange: 1).pass)
    #expect(compare([24.9e-7], tiny, knownRange: 2).pass)
    #expect(!compare([25.1e-7], tiny, knownRange: 2).pass)
    let output = compare([10e-7], tiny, knownRange: 1).outputs[0]
    #expect(abs(output.maxOfRange - 5e-5) < 1e-9 && abs(output.allowedOfRange - 1e-4) < 1e-12)
    // What fills its range is judged as before: 1e-4 of it.
    #expect(compare([0, 1.001], [0, 1], knownRange: 1).pass)
    #expect(!compare([0, 1.0012], [0, 1], knownRange: 1).pass)
    // Of a thousand classes that share 1, each is held to about a thousandth of itself.
    let even = [Float](repeating: 1e-3, count: 1000)
    #expect(compare(even.map { $0 + 1.9e-6 }, even, knownRange: 1).pass)
    #expect(!compare(even.map { $0 + 2.1e-6 }, even, knownRange: 1).pass)
  }

  @Test func `known ranges go through what moves values`() throws {
    var graph = Graph()
    graph.opset = 17
    let x = graph.addInput("x", TensorType(.float32, [2, 3]))
    func then(
      _ operation: String, _ inputs: [Graph.ValueID], _ attributes: [String: Attribute] = [:]
    )
      -> Graph.ValueID
    {
      graph.addNode(operation, inputs, attributes: attributes)
    }
    let sigmoid = then("Sigmoid", [x])
    let tanh = then("Tanh", [x])
    let moved = then("Transpose", [sigmoid])
    let shape = graph.addConstant("shape", Tensor(integers: [6]))
    let flat = then("Reshape", [moved, shape])
    let joined = then("Concat", [sigmoid, tanh], ["axis": .integer(0)])
    let mixed = then("Concat", [sigmoid, x], ["axis": .integer(0)])
    let softmax = then("Softmax", [x], ["axis": .integer(1)])
    let most = then("ReduceMax", [softmax], ["axes": .integers([1])])
    let sum = then("Add", [sigmoid, softmax])
    let relu = then("Relu", [x])
    graph.outputs = [sigmoid, tanh, flat, joined, mixed, most, sum, relu]
    let typed = try Specialised(graph)
    let found = typed.graph.outputs.map { typed.knownRanges[$0] }
    #expect(found == [1, 2, 1, 2, nil, 1, nil, nil])
    #expect(typed.knownRangesOfOutputs.count == 5)
  }

  /// Files with an output of a type without tensors: TypeProto's field 4 is a sequence, 9 an optional.
  @Test(arguments: [(4, "a sequence"), (9, "an optional value")])
  func `a case of other things than tensors says what it is`(field: Int, noun: String) throws {
    var graph = Graph()
    graph.opset = 17
    let x = graph.addInput("x", TensorType(.float32, [2]))
    graph.outputs = [graph.addNode("Relu", [x]), graph.addNode("SequenceConstruct", [x])]
    // A tensor of float32 of unknown rank within.
    graph.values[graph.outputs[1]].opaqueType = [UInt8(8 * field + 2), 6, 10, 4, 10, 2, 8, 1]
    graph.values[graph.outputs[1]].name = "all"
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "case-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try graph.write(to: folder.appending(path: "model.onnx").path)
    let error = #expect(throws: EspalierError.self) {
      try Verification(ofCase: folder.path, onRuntime: false, tolerance: Tolerance())
    }
    #expect(error?.exitCode == 65)
    #expect("\(error!)".contains("output \"all\" is \(noun)"), "\(error!)")
  }

  /// y = relu(cast(cast(x w))), with the inner cast to a type; z = x, which nothing is rounded for.
  private func rounded(to type: ElementType) -> Graph {
    var graph = Graph()
    graph.opset = 17
    let x = graph.addInput("x", TensorType(.float32, [1, 4]))
    let w = graph.addConstant("w", Tensor([1, 2, 3, 4], shape: [4, 1]))
    let product = graph.addNode("MatMul", [x, w], name: "product")
    let narrow = graph.addNode(
      "Cast", [product], name: "narrow", attributes: ["to": .integer(Int64(type.rawValue))])
    let wide = graph.addNode("Cast", [narrow], name: "wide", attributes: ["to": .integer(1)])
    let y = graph.addNode("Relu", [wide], name: "y")
    let z = graph.addNode("Relu", [x], name: "z")
    graph.outputs = [y, z]
    return graph
  }

  @Test(arguments: [ElementType.float16, .bfloat16])
  func `a float output knows that half is within`(type: ElementType) throws {
    let graph = try Specialised(rounded(to: type))
    let names = graph.graph.outputs.map { graph.graph.values[$0].name }
    let found = graph.roundingOfOutputs
    #expect(found[names[0]] == type && found[names[1]] == .float32)
  }

  /// The position of the largest of x w.
  private func choice(_ weights: [Float], between: (inout Graph, Graph.ValueID) -> Graph.ValueID)
    -> Graph
  {
    var graph = Graph()
    graph.opset = 17
    let x = graph.addInput("x", TensorType(.float32, [1, 2]))
    let w = graph.addConstant("w", Tensor(weights, shape: [2, 3]))
    let product = graph.addNode("MatMul", [x, w], name: "product")
    let chosen = graph.addNode(
      "ArgMax", [between(&graph, product)], name: "largest",
      attributes: ["axis": .integer(1), "keepdims": .integer(0)])
    graph.outputs = [chosen]
    return graph
  }

  private func verification(
    _ model: Graph, against original: Graph, _ inputs: [String: Tensor]
  ) throws -> Verification {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "verification-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let paths = ["model.onnx", "original.onnx"].map { folder.appending(path: $0).path }
    try model.write(to: paths[0])
    try original.write(to: paths[1])
    return try Verification(of: paths[0], against: paths[1], inputs: inputs)
  }

  @Test func `near-ties of positions pass, and others do not`() throws {
    let inputs = ["x": Tensor([1, 1], shape: [1, 2])]
    // The products are 3, 3 and 1; then 3, 3.00001 and 1; then 3, 3.1 and 1.
    let even = choice([1, 1, 0, 2, 2, 1]) { $1 }
    let near = choice([1, 1, 0, 2, 2.00001, 1]) { $1 }
    let far = choice([1, 1, 0, 2, 2.1, 1]) { $1 }
    let tied = try verification(near, against: even, inputs)
    #expect(tied.pass && tied.outputs[0].note?.hasPrefix("1 of 1 positions differ") == true)
    // The reference's own values decide, and there the difference is not one of rounding.
    #expect(try !verification(even, against: far, inputs).pass)
  }

  @Test func `the first difference is where it arises`() throws {
    func network(_ scale: Float) -> Graph {
      var graph = Graph()
      graph.opset = 17
      let x = graph.addInput("x", TensorType(.float32, [1, 4]))
      var random = Seeded(seed: 1)
      let first = graph.addConstant("v", random.tensor([4, 4]))
      var numbers = random.tensor([4, 4]).floats
      numbers[5] *= scale
      let second = graph.addConstant("w", Tensor(numbers, shape: [4, 4]))
      let a = graph.addNode("MatMul", [x, first], name: "one")
      let b = graph.addNode("Tanh", [a], name: "two")
      let c = graph.addNode("MatMul", [b, second], name: "three")
      graph.outputs = [graph.addNode("Tanh", [c], name: "four")]
      return graph
    }
    let found = try verification(network(3), against: network(1), [:])
    #expect(!found.pass && found.firstDifference?.layer == "three")
    #expect(try verification(network(1), against: network(1), [:]).firstDifference == nil)

    let folder = FileManager.default.temporaryDirectory
    let packed = folder.appending(path: "verification-\(UInt64.random(in: 0 ... .max)).esp").path
    let original = packed + ".onnx"
    defer { for path in [packed, original] { try? FileManager.default.removeItem(atPath: path) } }
    try Conversion(network(3)).write(to: packed)
    try network(1).write(to: original)
    let result = try Verification(of: packed, against: original)
    // On the runtime a layer and its activation may be one step.
    #expect(["three", "four"].contains(result.firstDifference?.layer))
  }
}
