import EspalierGraph

/// The numbers that an input of a node is to have at the assumed extents.
struct OpenPromise {
  var node: String
  var input: Int
  /// What the dense graph reads there.
  var value: Graph.ValueID
  var now: Tensor

  /// What they are to be at other extents, given the dense graph's numbers at both.
  func numbers(_ old: Tensor, _ other: Tensor) -> [Double]? {
    guard old.shape == now.shape else { return nil }
    // As long as its axis: only its extent is known.
    guard other.shape == old.shape else { return nil }
    return now.doubles.indices.map { place in
      let (now, old, other) = (now.doubles[place], old.doubles[place], other.doubles[place])
      return old == other ? now : now == old ? other : other * now / old
    }
  }
}

extension Coupling {
  /// A graph that was made of this one, with its free axes fixed where it needs that.
  ///
  /// It is asked for its shapes at the other extents: where nodes do not fit together there, where
  /// outputs come out with other shapes than before or computed numbers with other values, the free axes are declared with the extents that
  /// were assumed, and the node is named.
  func fixing(
    _ graph: Graph, _ fixed: [FixedExtent], _ promises: [OpenPromise] = []
  ) -> (graph: Graph, fixed: [FixedExtent]) {
    guard let open = self.graph.open else { return (graph, []) }
    var fixed = fixed
    for other in open.others where fixed.isEmpty {
      guard let fault = fault(of: graph, other, promises) else { continue }
      fixed.append(
        FixedExtent(
          axes: graph.openAxes, node: fault.node,
          reason: "does not fit at other extents (\(fault.message))"))
    }
    guard !fixed.isEmpty else { return (graph, open.fixed) }
    var graph = graph
    for value in graph.inputs + graph.outputs {
      guard let type = self.graph.types[value] else { continue }
      graph.values[value].shape = type.shape.map { .fixed($0) }
    }
    return (graph, open.fixed + fixed)
  }

  /// What is wrong with a graph at some extents; `nil` where nothing is.
  private func fault(
    of graph: Graph, _ other: OpenExtents.Other, _ promises: [OpenPromise]
  ) -> GraphError? {
    let specialised: Specialised
    do throws(GraphProblems) {
      specialised = try Specialised(graph, inputShapes: other.inputs, purpose: .rewriting)
    } catch {
      return error.problems[0]
    }
    let nodes = Dictionary(
      specialised.graph.nodes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    for promise in promises {
      guard let node = nodes[promise.node],
        let got = node.inputs[promise.input].flatMap({ specialised.constants[$0] }),
        let old = self.graph.constants[promise.value],
        let there = other.constants[promise.value],
        let wanted = promise.numbers(old, there)
      else { continue }
      let agrees =
        got.count == wanted.count
        && zip(got.doubles, wanted).allSatisfy { abs($0 - $1) <= 1e-5 * max(1, abs($1)) }
      guard !agrees else { continue }
      return GraphError(
        .badShape, "input \(promise.input) is \(got.doubles) in place of \(wanted)",
        node: node.name)
    }
    for (output, shape) in zip(graph.outputs, other.outputs) {
      guard let own = specialised.types[output]?.shape, let shape, own != shape else { continue }
      let writer = graph.nodes.first { $0.outputs.contains(output) }
      return GraphError(
        .badShape, "\(own) in place of \(shape)", node: writer?.name ?? "")
    }
    return nil
  }
}
