/// Which elements of folded values follow open extents.
///
/// An extent follows them where it differs at other extents; what is computed from it does, even where
/// it comes out the same at all that were tried: a length padded to a multiple of 4 needs nothing at 8
/// and at 16. What moves elements without looking at them moves that too, so that the number of
/// channels in a shape stays a number.
struct OpenElements {
  private let known: Specialised.Everything
  private let others: [Specialised.Everything]
  /// For each value with such elements, which they are.
  private(set) var masks: [Graph.ValueID: [Bool]] = [:]

  init(_ known: Specialised.Everything, _ others: [Specialised.Everything]) {
    (self.known, self.others) = (known, others)
    guard !others.isEmpty else { return }
    for step in known.steps where step.isFolded {
      let inputs = step.node.inputs.compactMap { $0 }
      // What is made of numbers that hold anywhere holds anywhere.
      guard inputs.contains(where: { masks[$0] != nil || known.constants[$0] == nil }) else {
        continue
      }
      var found = elements(step)
      for case (let place, let output?) in step.node.outputs.enumerated() {
        for index in differing(output) { found[place][index] = true }
      }
      // A node stays with all its outputs or goes with them.
      guard found.contains(where: { $0.contains(true) }) else { continue }
      for case (let place, let output?) in step.node.outputs.enumerated() {
        masks[output] = found[place]
      }
    }
  }

  /// Which axes of a value differ at other extents.
  func axes(of value: Graph.ValueID) -> [Bool] {
    let shape = known.types[value]?.shape ?? []
    return shape.indices.map { axis in
      others.contains { other in
        guard let changed = other.types[value]?.shape, changed.count == shape.count else {
          return true
        }
        return changed[axis] != shape[axis]
      }
    }
  }

  /// The elements of a constant that differ at other extents; all where its shape does.
  private func differing(_ value: Graph.ValueID) -> [Int] {
    let own = known.constants[value]!
    var result: Set<Int> = []
    for other in others where other.constants[value] != own {
      guard let changed = other.constants[value], changed.shape == own.shape else {
        return Array(0..<own.count)
      }
      for (place, pair) in zip(own.doubles, changed.doubles).enumerated() where pair.0 != pair.1 {
        result.insert(place)
      }
    }
    return Array(result)
  }

  /// Which elements of each output an operator makes of such elements.
  private func elements(_ step: Specialised.Everything.Step) -> [[Bool]] {
    let node = step.node
    let counts = node.outputs.map { output in output.map { known.types[$0]?.count ?? 0 } ?? 0 }
    let all = counts.map { [Bool](repeating: true, count: $0) }
    let first = node.inputs.first.flatMap { $0 }
    switch step.operation {
    case is Shape:
      // Of a tensor with extents of 1 where they are open, and of 0 elsewhere.
      guard let first else { return all }
      let type = TensorType(.bool, axes(of: first).map { $0 ? 1 : 0 })
      let extents = step.operation.valuesKnownFromTypes([OperatorInput(type)])
      return [extents?[0].integers.map { $0 != 0 } ?? all[0]]
    case is Size:
      return [[first.map { axes(of: $0).contains(true) } ?? true]]
    case is Concat, is Gather, is Slice, is Squeeze, is Unsqueeze, is Reshape, is Transpose,
      is Identity, is Split, is Flatten, is Tile, is Expand:
      return moved(step) ?? all
    default:
      guard Self.elementwise.contains(node.operation), let output = node.outputs[0] else {
        return all
      }
      return [joined(node.inputs.compactMap { $0 }, known.types[output]?.shape ?? []) ?? all[0]]
    }
  }

  private static let elementwise: Set<String> = [
    "Abs", "Add", "And", "Cast", "Ceil", "Clip", "Div", "Equal", "Exp", "Floor", "Greater",
    "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Min", "Mod", "Mul", "Neg", "Not", "Or", "Pow",
    "Reciprocal", "Round", "Sign", "Sqrt", "Sub", "Sum", "Where", "Xor",
  ]

  /// The marks moved as the elements are; `nil` where marked numbers decide how.
  private func moved(_ step: Specialised.Everything.Step) -> [[Bool]]? {
    let isJoined = step.operation is Concat
    var inputs: [Tensor?] = []
    for (place, input) in step.node.inputs.enumerated() {
      guard let input else {
        inputs.append(nil)
        continue
      }
      guard let constant = known.constants[input] else { return nil }
      if isJoined || place == 0 {
        let mask = masks[input] ?? [Bool](repeating: false, count: constant.count)
        inputs.append(Tensor(integers: mask.map { $0 ? 1 : 0 }, shape: constant.shape))
      } else {
        guard masks[input] == nil else { return nil }
        inputs.append(constant)
      }
    }
    let results = try? step.operation.evaluate(inputs)
    return results?.map { $0.integers.map { $0 != 0 } }
  }

  /// The marks of tensors that meet element by element; `nil` where they do not fit.
  private func joined(_ inputs: [Graph.ValueID], _ shape: [Int]) -> [Bool]? {
    var result = [Bool](repeating: false, count: shape.reduce(1, *))
    for input in inputs {
      guard let mask = masks[input] else { continue }
      guard let own = known.types[input]?.shape, own.count <= shape.count else { return nil }
      for (place, source) in broadcastPositions(from: own, to: shape).enumerated()
      where mask[source] { result[place] = true }
    }
    return result
  }
}
