import EspalierGraph
import EspalierPruning
import Foundation
import Testing

@testable import Espalier

/// Data says the shapes of inputs that a file leaves open.
@Suite struct DataShapeTests {
  private func graph(_ shapes: [String: [Graph.Dimension]]) -> Graph {
    var graph = Graph()
    for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
      let id = graph.addInput(name, TensorType(.float32, shape.map { _ in 1 }))
      graph.values[id].shape = shape
    }
    return graph
  }

  @Test func axesBehindTheFirstAreTheDatas() throws {
    let one = graph(["x": [.symbol("batch"), .fixed(3), .symbol("h"), .unknown]])
    let data: (String?, [Int]) = (nil, [50, 3, 48, 320])
    #expect(try one.inputShapes(ofData: [data]) == ["x": [1, 3, 48, 320]])
    // What is fixed stays, so that whoever cuts the data into runs says what does not fit.
    let fixed = graph(["x": [.fixed(4), .fixed(1), .symbol("h"), .symbol("w")]])
    #expect(try fixed.inputShapes(ofData: [data]) == ["x": [4, 1, 48, 320]])
    #expect(try one.inputShapes(ofData: [(nil, [50, 3])]) == [:])
    var unknown = one
    unknown.values[unknown.inputs[0]].shape = nil
    #expect(try unknown.inputShapes(ofData: [data]) == ["x": [1, 3, 48, 320]])
  }

  @Test func severalInputs() throws {
    let two = graph([
      "mask": [.symbol("batch"), .symbol("length")],
      "tokens": [.symbol("batch"), .symbol("length")],
    ])
    let data: [(String?, [Int])] = [("tokens", [9, 24])]
    #expect(try two.inputShapes(ofData: data) == ["tokens": [1, 24]])
    #expect(
      try two.inputShapes(["mask": [2, 24]], ofData: data) == [
        "mask": [2, 24], "tokens": [2, 24],
      ])
    // Nobody knows whose it is.
    #expect(try two.inputShapes(ofData: [(nil, [9, 24])]) == [:])
  }

  @Test func aGivenShapeHoldsUnlessTheDataContradictsIt() throws {
    let one = graph(["x": [.symbol("batch"), .symbol("w")]])
    #expect(try one.inputShapes(["x": [2, 5]], ofData: [("x", [9, 5])]) == ["x": [2, 5]])
    for wrong in [[2, 6], [2, 5, 1], [5]] {
      let error = #expect(throws: EspalierError.self) {
        try one.inputShapes(["x": wrong], ofData: [("x", [9, 5])])
      }
      #expect("\(error!)".contains("input \"x\"") && "\(error!)".contains("[samples, 5]"))
    }
  }

  /// Without a word of its shape, the data is what a refit runs on.
  @Test func pruningAsksForNoShape() throws {
    var graph = Graph()
    graph.opset = 17
    let x = graph.addInput("x", TensorType(.float32, [1, 8]))
    graph.values[x].shape = [.symbol("batch"), .symbol("width")]
    var random = SystemRandomNumberGenerator()
    func weight(_ name: String) -> Graph.ValueID {
      graph.addConstant(
        name,
        Tensor((0..<64).map { _ in Float.random(in: -1...1, using: &random) }, shape: [8, 8]))
    }
    let hidden = graph.addNode("Relu", [graph.addNode("MatMul", [x, weight("v")])])
    graph.outputs = [graph.addNode("MatMul", [hidden, weight("w")])]
    let path = FileManager.default.temporaryDirectory.appending(
      path: "data-\(UInt64.random(in: 0 ... .max)).npy"
    ).path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Tensor((0..<320).map { _ in Float.random(in: -1...1, using: &random) }, shape: [40, 8])
      .write(to: path)
    var options = PruningOptions()
    options.pattern = try PruningOptions.pattern("unstructured")
    (options.sparsity, options.includeEnds) = (0.5, true)
    options.data = try PruningOptions.data(["x=" + path])
    let pruned = try graph.pruned(by: Recipe(options, seed: 1))
    #expect(pruned.graph.values[pruned.graph.inputs[0]].shape?.first == .symbol("batch"))
    #expect(
      try graph.inputShapes(ofData: [CalibrationArray(parsing: "x=" + path)]) == ["x": [1, 8]])
    let error = #expect(throws: EspalierError.self) {
      try graph.inputShapes(ofData: [CalibrationArray(parsing: "z=" + path)])
    }
    #expect("\(error!)".contains("names no input of the model; it has x"))
  }
}
