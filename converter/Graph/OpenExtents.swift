extension Specialised {
  /// The graph for rewriting, with extents that the file leaves open still open.
  ///
  /// Folding turns shapes into numbers, also those that follow the batch. The graph is specialised a
  /// second time with other values for open extents; where only a reshape's or expansion's target
  /// differs, the entries that do are written so that they follow the input again, and a constant
  /// that repeats itself along an open axis is written once. Where more differs, the inputs are
  /// declared with the extents that were assumed.
  /// - Throws: as `init`.
  public static func forRewriting(
    _ graph: Graph, inputShapes: [String: [Int]] = [:]
  ) throws(GraphProblems) -> Specialised {
    var result = try Specialised(graph, inputShapes: inputShapes, purpose: .rewriting)
    let isOpen = graph.inputs.contains { graph.values[$0].isOpen }
    guard isOpen else { return result }
    var others: [String: [Int]] = [:]
    for input in result.graph.inputs {
      let value = graph.values[input]
      others[value.name] = zip(value.shape ?? [], result.type(of: input).shape).enumerated().map {
        axis, extents in
        if case .fixed = extents.0 { return extents.1 }
        return axis == 0 ? extents.1 + 1 : 2 * extents.1
      }
      if value.shape == nil { others[value.name] = result.type(of: input).shape }
    }
    let other = try? Specialised(graph, inputShapes: others, purpose: .rewriting)
    let isAnyExtent = other.map { result.decisions.hold(like: $0.decisions) } ?? false
    if !isAnyExtent || !result.reopen(like: other!) { result.close() }
    return result
  }

  /// Declares every input and output with the extents that were assumed.
  private mutating func close() {
    for value in graph.inputs + graph.outputs {
      graph.values[value].shape = type(of: value).shape.map { .fixed($0) }
    }
  }

  /// Lets constants that differ from those of the other graph follow their input; false, with
  /// nothing changed, where they cannot.
  private mutating func reopen(like other: Specialised) -> Bool {
    guard graph.nodes.map(\.name) == other.graph.nodes.map(\.name) else { return false }
    var changes: [(node: Int, input: Int, tensor: Tensor)] = []
    for (index, node) in graph.nodes.enumerated() {
      for (place, value) in node.inputs.enumerated() {
        guard let value, let constant = constants[value], let changed = other.constants[value],
          constant != changed
        else { continue }
        guard
          let tensor = openTarget(index, place, constant, changed, other)
            ?? withoutCopies(index, constant, changed, other)
        else { return false }
        changes.append((index, place, tensor))
      }
    }
    for (number, change) in changes.enumerated() {
      let name = "\(graph.nodes[change.node].name)_open_\(number)"
      graph.nodes[change.node].inputs[change.input] = graph.addConstant(name, change.tensor)
      types.append(change.tensor.type)
      constants.append(change.tensor)
    }
    return true
  }

  private func openTarget(
    _ index: Int, _ place: Int, _ own: Tensor, _ other: Tensor, _ twin: Specialised
  ) -> Tensor? {
    guard place == 1, own.shape == other.shape, let input = graph.nodes[index].inputs[0] else {
      return nil
    }
    let shapes = (type(of: input).shape, twin.type(of: input).shape)
    var values = own.integers
    let differing = values.indices.filter { values[$0] != other.integers[$0] }
    switch operators[index] {
    case let reshape as Reshape:
      for axis in differing {
        let copies =
          !reshape.allowsZero && axis < shapes.0.count && Int64(shapes.0[axis]) == values[axis]
          && Int64(shapes.1[axis]) == other.integers[axis]
        values[axis] = copies ? 0 : -1
      }
      return values.count(where: { $0 == -1 }) <= 1 ? Tensor(integers: values) : nil
    case is Expand:
      for axis in differing {
        let source = axis - (values.count - shapes.0.count)
        guard source >= 0, Int64(shapes.0[source]) == values[axis],
          Int64(shapes.1[source]) == other.integers[axis]
        else { return nil }
        values[axis] = 1
      }
      return Tensor(integers: values)
    default:
      return nil
    }
  }

  /// A constant without what it repeats along open axes, where an elementwise operator stretches it
  /// again to another input: `[batch, 1, 8]` as `[1, 1, 8]`.
  private func withoutCopies(
    _ index: Int, _ own: Tensor, _ other: Tensor, _ twin: Specialised
  ) -> Tensor? {
    guard operators[index] is any BinaryOperator || operators[index] is Where,
      own.rank == other.rank
    else { return nil }
    let open = own.shape.indices.filter { own.shape[$0] != other.shape[$0] }
    let follows = { (axis: Int) in
      graph.nodes[index].inputs.contains { input in
        guard let input, constants[input] == nil else { return false }
        let (shape, twinShape) = (type(of: input).shape, twin.type(of: input).shape)
        let place = shape.count - own.rank + axis
        return place >= 0 && shape[place] == own.shape[axis]
          && twinShape[place] == other.shape[axis]
      }
    }
    guard open.allSatisfy(follows) else { return nil }
    var shape = own.shape
    for axis in open { shape[axis] = 1 }
    var first = [Int?](repeating: nil, count: shape.reduce(1, *))
    for (place, target) in broadcastPositions(from: shape, to: own.shape).enumerated() {
      first[target] = first[target] ?? place
    }
    let once = own.gathering(first.map { $0! }, shape: shape)
    let isRepeated =
      once.broadcasting(to: own.shape) == own && once.broadcasting(to: other.shape) == other
    return isRepeated ? once : nil
  }
}

extension Graph.Value {
  fileprivate var isOpen: Bool {
    shape?.contains { if case .fixed = $0 { false } else { true } } ?? true
  }
}
