public import EspalierGraph

extension Calibration {
  /// Inputs that fit a graph where there are none of its own: smooth noise in place of images, Gaussian
  /// numbers for other floating-point inputs, random tokens where integers look something up, and ones
  /// for other integers and flags, such as attention masks.
  package static func synthetic(for graph: Specialised, count: Int, seed: UInt64) -> Calibration {
    var random = SplitMix(seed: seed)
    let inputs = graph.graph.inputs.compactMap { id in graph.types[id].map { (id, $0) } }
    let tokens = Dictionary(
      uniqueKeysWithValues: inputs.map { ($0.0, graph.tokenCount(lookedUpBy: $0.0)) })
    let runs = (0..<count).map { _ in
      var run: [String: Tensor] = [:]
      for (id, type) in inputs {
        let name = graph.graph.values[id].name
        guard type.elementType.isFloatingPoint else {
          let limit = tokens[id] ?? nil
          let numbers = (0..<type.count).map { _ in
            limit.map { Int64(random.nextUniform() * Double($0)) } ?? 1
          }
          run[name] = Tensor(
            elementType: type.elementType, shape: type.shape, integers: numbers)
          continue
        }
        var values: [Double] = []
        if type.rank == 4, !type.shape.contains(0) {
          for _ in 0..<type.shape[0] * type.shape[1] {
            values += smoothPlane(type.shape[2], type.shape[3], 0, 1, &random).map(Double.init)
          }
        } else {
          values = (0..<type.count).map { _ in random.nextNormal() }
        }
        run[name] = Tensor(elementType: type.elementType, shape: type.shape, doubles: values)
      }
      return run
    }
    return Calibration(runs: runs, isNoise: true)
  }
}

extension Specialised {
  /// How many entries a table has that an input of integers is looked up in, or how many numbers it is
  /// compared with; `nil` where it is in none.
  fileprivate func tokenCount(lookedUpBy input: Graph.ValueID) -> Int? {
    var same: Set<Graph.ValueID> = [input]
    var result: Int?
    for node in graph.nodes {
      if Self.passing.contains(node.operation),
        let source = node.inputs[0], same.contains(source), let output = node.outputs[0]
      {
        same.insert(output)
      }
      guard let count = entryCount(node, lookedUpBy: same) else { continue }
      result = min(result ?? count, count)
    }
    return result
  }

  private static let passing: Set = [
    "Cast", "Expand", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze",
  ]

  /// What a node says about numbers that are looked up.
  private func entryCount(_ node: Graph.Node, lookedUpBy same: Set<Graph.ValueID>) -> Int? {
    let inputs = node.inputs.map { $0.map { (value: $0, type: types[$0]) } }
    let isSame = inputs.map { $0.map { same.contains($0.value) } ?? false }
    switch node.operation {
    case "Gather" where isSame[1]: return inputs[0]?.type?.shape.first
    case "OneHot" where isSame[0]:
      guard let depth = inputs[1].flatMap({ constants[$0.value] }), depth.count == 1,
        let count = Int(exactly: depth.doubles[0]), count > 0
      else { return nil }
      return count
    case "Equal":
      guard let place = isSame.firstIndex(of: true),
        let list = inputs[1 - place].flatMap({ constants[$0.value] }), list.count > 1
      else { return nil }
      return list.count
    default: return nil
    }
  }
}
