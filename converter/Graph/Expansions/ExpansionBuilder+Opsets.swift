/// Nodes that opsets write differently, or that stand for a few, as the graph's opset has them.
///
/// A graph that is only executed may hold an operator that its opset lacks: nobody else reads it.
extension ExpansionBuilder {
  /// Whether an operator that came with an opset may be used.
  func has(opset version: Int) -> Bool { opset >= version || stage == .execution }

  /// Leaves a node for later whose best replacement depends on what becomes of the graph.
  /// - Throws: `GraphError` with code `.unsupportedVariant` while the graph is being read, if an operator of a
  ///   later opset would serve execution better than what this opset has.
  func leaveUntilUseIsKnown(unlessOpset version: Int) throws(GraphError) {
    if stage == .reading, opset < version { throw unsupported("opset \(opset)") }
  }

  /// Parts of a tensor along an axis.
  mutating func split(_ x: Graph.ValueID, axis: Int, _ extents: [Int]) -> [Graph.ValueID] {
    let place = Attribute.integer(Int64(axis))
    if opset >= 13 {
      return add("Split", [x, list(extents)], ["axis": place], outputs: extents.count)
    }
    return add(
      "Split", [x], ["axis": place, "split": .integers(extents.map { Int64($0) })],
      outputs: extents.count)
  }

  mutating func unsqueeze(_ x: Graph.ValueID, _ axes: [Int]) -> Graph.ValueID {
    if opset >= 13 { return add("Unsqueeze", [x, list(axes)]) }
    return add("Unsqueeze", [x], ["axes": .integers(axes.map { Int64($0) })])
  }

  mutating func squeeze(_ x: Graph.ValueID, _ axes: [Int]) -> Graph.ValueID {
    if opset >= 13 { return add("Squeeze", [x, list(axes)]) }
    return add("Squeeze", [x], ["axes": .integers(axes.map { Int64($0) })])
  }

  /// A mean over some axes, which stay with an extent of 1.
  mutating func mean(_ x: Graph.ValueID, _ axes: [Int]) -> Graph.ValueID {
    if opset >= 18 { return add("ReduceMean", [x, list(axes)]) }
    return add("ReduceMean", [x], ["axes": .integers(axes.map { Int64($0) })])
  }

  mutating func reshape(
    _ x: Graph.ValueID, _ shape: [Int], isNamesake: Bool = false
  ) -> Graph.ValueID { add("Reshape", [x, list(shape)], isNamesake: isNamesake) }

  mutating func transpose(_ x: Graph.ValueID, _ axes: [Int]) -> Graph.ValueID {
    add("Transpose", [x], ["perm": .integers(axes.map { Int64($0) })])
  }

  mutating func cast(_ x: Graph.ValueID, to type: ElementType) -> Graph.ValueID {
    add("Cast", [x], ["to": .integer(Int64(type.rawValue))])
  }

  mutating func clip(
    _ x: Graph.ValueID, _ least: Double, _ greatest: Double, _ type: ElementType
  ) -> Graph.ValueID {
    if opset >= 11 { return add("Clip", [x, scalar(least, type), scalar(greatest, type)]) }
    return add("Clip", [x], ["min": .float(Float(least)), "max": .float(Float(greatest))])
  }

  /// `x` times one number; `x` itself where that is 1.
  mutating func scaled(
    _ x: Graph.ValueID, by factor: Double, _ type: ElementType
  ) -> Graph.ValueID { factor == 1 ? x : add("Mul", [x, scalar(factor, type)]) }

  /// `x + y`; `x` where there is no `y`.
  mutating func sum(_ x: Graph.ValueID, _ y: Graph.ValueID?) -> Graph.ValueID {
    y.map { add("Add", [x, $0]) } ?? x
  }
}
