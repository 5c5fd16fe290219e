import Espalier
import EspalierGraph
import EspalierSeeded
import Testing

/// Attention that feeds attention, without a linear layer between: each becomes one step, reads what
/// the one before really wrote, and is right.
@Suite struct AttentionChainTests {
  /// The operand that takes the result of the attention before; the others come from the input.
  enum Operand: Int, CaseIterable { case query, key, value }

  struct Shape: Sendable, CustomTestStringConvertible {
    var batch = 1
    var heads: Int
    var tokens: Int
    var size: Int
    var testDescription: String { "\(batch)x\(heads)x\(tokens)x\(size)" }

    static let all = [
      Shape(heads: 2, tokens: 5, size: 4), Shape(batch: 3, heads: 1, tokens: 17, size: 3),
      Shape(batch: 2, heads: 3, tokens: 1, size: 8), Shape(heads: 4, tokens: 33, size: 1),
    ]
  }

  /// A graph under construction with one input `x`, [batch, tokens, heads * size].
  private struct Chain {
    var graph = Graph()
    let shape: Shape
    let x: Graph.ValueID

    init(_ shape: Shape) {
      self.shape = shape
      graph.opset = 17
      x = graph.addInput(
        "x", TensorType(.float32, [shape.batch, shape.tokens, shape.heads * shape.size]))
    }

    mutating func reshaped(_ value: Graph.ValueID, _ to: [Int]) -> Graph.ValueID {
      let constant = graph.addConstant(
        "shape\(graph.nodes.count)", Tensor(integers: to.map { Int64($0) }))
      return graph.addNode("Reshape", [value, constant])
    }

    mutating func transposed(_ value: Graph.ValueID, _ axes: [Int64]) -> Graph.ValueID {
      graph.addNode("Transpose", [value], attributes: ["perm": .integers(axes)])
    }

    /// [batch, heads, tokens, size] of [batch, tokens, heads * size].
    mutating func split(_ value: Graph.ValueID) -> Graph.ValueID {
      transposed(
        reshaped(value, [shape.batch, shape.tokens, shape.heads, shape.size]), [0, 2, 1, 3])
    }

    /// The way back.
    mutating func joined(_ heads: Graph.ValueID) -> Graph.ValueID {
      reshaped(
        transposed(heads, [0, 2, 1, 3]), [shape.batch, shape.tokens, shape.heads * shape.size])
    }

    mutating func shares(_ query: Graph.ValueID, _ key: Graph.ValueID) -> Graph.ValueID {
      let scores = graph.addNode("MatMul", [query, transposed(key, [0, 1, 3, 2])])
      return graph.addNode("Softmax", [scores], attributes: ["axis": .integer(-1)])
    }

    mutating func attention(
      _ query: Graph.ValueID, _ key: Graph.ValueID, _ value: Graph.ValueID
    ) -> Graph.ValueID {
      graph.addNode("MatMul", [shares(query, key), value])
    }
  }

  /// Every instruction set against the reference, and how many steps of each operation there are.
  private func check(_ graph: Graph, attentions: Int, _ place: String) throws {
    let packed = try Packed(graph, seed: 31)
    let model = try loadModel(bytes: packed.bytes, name: "test")
    let steps = (0..<model.stepCount).map { model.step($0).operation }
    #expect(steps.count { $0 == "Attention" } == attentions, "\(place): \(steps)")
    #expect(!steps.contains("Softmax"), "\(place): \(steps)")
    for set in availableSets {
      let found = try packed.differences(packed.results(threads: 2, instructionSet: set))
      #expect(found.isEmpty, "\(place), \(set.name): \(found)")
    }
  }

  @Test(arguments: Shape.all, [2, 3])
  func `each reads the result of the one before`(shape: Shape, count: Int) throws {
    // Which operand takes the result, for each link: every combination.
    for number in 0..<(count == 2 ? 3 : 9) {
      let links = [number % 3, number / 3].prefix(count - 1).map { Operand(rawValue: $0)! }
      // Heads joined and split again between links, as layers do it, or handed on where they lie.
      for joins in [true, false] {
        var chain = Chain(shape)
        let own = chain.split(chain.x)
        var result = chain.attention(own, own, own)
        for link in links {
          if joins { result = chain.split(chain.joined(result)) }
          var operands = [own, own, own]
          operands[link.rawValue] = result
          result = chain.attention(operands[0], operands[1], operands[2])
        }
        chain.graph.outputs = [chain.joined(result)]
        try check(chain.graph, attentions: count, "\(links), joins: \(joins)")
      }
    }
  }

  /// All three operands from the attention before, and its result an output of the network as well.
  @Test(arguments: Shape.all) func `self attention of self attention`(shape: Shape) throws {
    for showsInner in [false, true] {
      var chain = Chain(shape)
      let own = chain.split(chain.x)
      let inner = chain.joined(chain.attention(own, own, own))
      let between = chain.split(inner)
      chain.graph.outputs = [chain.joined(chain.attention(between, between, between))]
      if showsInner { chain.graph.outputs.append(inner) }
      try check(chain.graph, attentions: 2, "shows: \(showsInner)")
    }
  }

  /// The later attention's softmax stands before the earlier one's: it has read the inner result
  /// through a copy by the time that the inner attention looks for a place to write to.
  @Test(arguments: Shape.all) func `shares that were computed before the values`(
    shape: Shape
  ) throws {
    for joins in [true, false] {
      var chain = Chain(shape)
      let own = chain.split(chain.x)
      let outer = chain.shares(own, own)
      var inner = chain.attention(own, own, own)
      if joins { inner = chain.split(chain.joined(inner)) }
      chain.graph.outputs = [chain.joined(chain.graph.addNode("MatMul", [outer, inner]))]
      try check(chain.graph, attentions: 2, "joins: \(joins)")
    }
  }

  /// One result feeds two attentions.
  @Test(arguments: Shape.all, Operand.allCases) func `two readers`(
    shape: Shape, operand: Operand
  ) throws {
    var chain = Chain(shape)
    let own = chain.split(chain.x)
    let inner = chain.split(chain.joined(chain.attention(own, own, own)))
    for _ in 0..<2 {
      var operands = [own, own, own]
      operands[operand.rawValue] = inner
      chain.graph.outputs.append(
        chain.joined(chain.attention(operands[0], operands[1], operands[2])))
    }
    try check(chain.graph, attentions: 3, "\(operand)")
  }
}
