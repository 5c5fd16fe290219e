extension Graph {
  /// Every structural fault: values without a producer or with two, bad order, repeated names.
  ///
  /// Says nothing about operators; `Specialised` checks those. An empty list means that each node
  /// may be evaluated in turn.
  public func validate() -> [GraphError] {
    guard identifiersAreInRange else {
      return [GraphError(.badIndex, "a node or the graph refers to a value that does not exist")]
    }
    var problems: [GraphError] = []
    var producers = producersFromOutside(&problems)
    if outputs.isEmpty {
      problems.append(GraphError(.danglingInput, "the graph has no outputs; it computes nothing"))
    }
    nameProblems(&problems)
    for node in nodes {
      for case let output? in node.outputs {
        if let other = producers[output] {
          problems.append(
            GraphError(
              .duplicateName, "writes \"\(values[output].name)\", which is already \(other)",
              node: node.name))
        } else {
          producers[output] = "written by node \"\(node.name)\""
        }
      }
    }
    for node in nodes {
      for case let input? in node.dependencies where producers[input] == nil {
        problems.append(
          GraphError(
            .danglingInput,
            "reads \"\(values[input].name)\", which no node, input or initializer provides",
            node: node.name))
      }
    }
    for output in outputs where producers[output] == nil {
      problems.append(
        GraphError(
          .danglingInput, "graph output \"\(values[output].name)\" is not computed by any node"))
    }
    problems += orderProblems()
    return problems
  }

  /// The nodes' indices in an order in which every value is written before it is read.
  ///
  /// The order is the given one where that already holds.
  /// - Throws: `GraphError` with code `.cycle` that lists the nodes of one cycle.
  public func topologicalOrder() throws(GraphError) -> [Int] {
    var writer = [Int?](repeating: nil, count: values.count)
    for (index, node) in nodes.enumerated() {
      for case let output? in node.outputs { writer[output] = writer[output] ?? index }
    }
    var order: [Int] = []
    order.reserveCapacity(nodes.count)
    var finished = [Bool](repeating: false, count: nodes.count)
    var placeOnPath = [Int?](repeating: nil, count: nodes.count)
    for start in nodes.indices where !finished[start] {
      // Depth first with a stack of our own: a chain of nodes may be as long as the file likes.
      var path = [(node: start, nextInput: 0)]
      placeOnPath[start] = 0
      while let (node, nextInput) = path.last {
        if nextInput == nodes[node].dependencies.count {
          path.removeLast()
          placeOnPath[node] = nil
          finished[node] = true
          order.append(node)
          continue
        }
        path[path.count - 1].nextInput += 1
        guard let value = nodes[node].dependencies[nextInput], let next = writer[value],
          !finished[next]
        else { continue }
        if let place = placeOnPath[next] { throw cycleError(path[place...].map(\.node)) }
        placeOnPath[next] = path.count
        path.append((next, 0))
      }
    }
    return order
  }

  /// Removes nodes that contribute to no output.
  public mutating func removeDeadNodes() {
    var needed = Set(outputs)
    var kept: [Node] = []
    for node in nodes.reversed()
    where node.outputs.contains(where: { $0.map(needed.contains) ?? false }) {
      kept.append(node)
      for case let input? in node.dependencies { needed.insert(input) }
    }
    nodes = kept.reversed()
  }

  private var identifiersAreInRange: Bool {
    let inner = nodes.flatMap { $0.dependencies + $0.outputs }.compactMap { $0 }
    return (inputs + outputs + inner).allSatisfy(values.indices.contains)
  }

  /// What stands for each value that comes from outside the nodes.
  private func producersFromOutside(_ problems: inout [GraphError]) -> [ValueID: String] {
    var producers: [ValueID: String] = [:]
    for (id, value) in values.enumerated() where value.constant != nil {
      producers[id] = "an initializer"
    }
    for input in inputs {
      if let other = producers[input] {
        problems.append(
          GraphError(.duplicateName, "graph input \"\(values[input].name)\" is already \(other)"))
      }
      producers[input] = "a graph input"
    }
    return producers
  }

  private func nameProblems(_ problems: inout [GraphError]) {
    var seen: Set<String> = []
    for value in values where !seen.insert(value.name).inserted {
      problems.append(GraphError(.duplicateName, "two values are called \"\(value.name)\""))
    }
    var seenOutputs: Set<ValueID> = []
    for output in outputs where !seenOutputs.insert(output).inserted {
      problems.append(
        GraphError(.duplicateName, "graph output \"\(values[output].name)\" is listed twice"))
    }
    var seenNodes: Set<String> = []
    for node in nodes where !seenNodes.insert(node.name).inserted {
      problems.append(GraphError(.duplicateName, "two nodes are called \"\(node.name)\""))
    }
  }

  private func orderProblems() -> [GraphError] {
    do throws(GraphError) {
      guard try topologicalOrder() == Array(nodes.indices) else {
        return [GraphError(.cycle, "the nodes are not in topological order")]
      }
      return []
    } catch {
      return [error]
    }
  }

  private func cycleError(_ members: [Int]) -> GraphError {
    let shown = members.prefix(16).reversed().map { "\"\(nodes[$0].name)\"" }
    let rest = members.count > 16 ? " and \(members.count - 16) more" : ""
    return GraphError(
      .cycle, "nodes depend on each other in a circle: " + shown.joined(separator: " -> ") + rest,
      node: nodes[members[0]].name)
  }
}
