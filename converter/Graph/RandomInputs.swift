extension Specialised {
  /// Seeded inputs: standard normal numbers; indices within the axis they select from where that can
  /// be seen, else 0 or 1; random truth values.
  public func randomInputs(seed: UInt64) -> [String: Tensor] {
    var random = SplitMix(seed: seed)
    var result: [String: Tensor] = [:]
    for id in graph.inputs where constants[id] == nil {
      let type = types[id]!
      let name = graph.values[id].name
      if type.elementType.isFloatingPoint {
        result[name] = Tensor(
          elementType: type.elementType, shape: type.shape,
          doubles: (0..<type.count).map { _ in random.normal() })
      } else {
        let bound = UInt64(indexBound(of: id))
        result[name] = Tensor(
          elementType: type.elementType, shape: type.shape,
          integers: (0..<type.count).map { _ in Int64(random.next() % bound) })
      }
    }
    return result
  }

  /// Values as the inputs of those names take them: numbers that travel as float32 become the
  /// float64, float16 or bfloat16 that the graph declares.
  public func matching(_ values: [String: Tensor]) -> [String: Tensor] {
    var result = values
    for id in graph.inputs {
      let name = graph.values[id].name
      guard let type = types[id], type.elementType.isFloatingPoint, let value = values[name],
        value.elementType.isFloatingPoint, value.elementType != type.elementType
      else { continue }
      result[name] = Tensor(
        elementType: type.elementType, shape: value.shape, doubles: value.doubles)
    }
    return result
  }

  /// One more than the largest index that a value may hold where it selects from a tensor.
  private func indexBound(of value: Graph.ValueID) -> Int {
    for (node, operation) in zip(graph.nodes, operators) {
      guard let gather = operation as? Gather, node.inputs.count > 1, node.inputs[1] == value,
        let data = node.inputs[0], let type = types[data],
        let axis = try? normalise(axis: gather.axis, rank: type.rank)
      else { continue }
      return max(type.shape[axis], 1)
    }
    return 2
  }
}
