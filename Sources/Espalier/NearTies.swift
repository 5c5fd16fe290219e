internal import EspalierGraph

extension Verification {
  /// Lets positions pass that differ where the values they point at are as large as one another, but for
  /// rounding: of ArgMax, ArgMin and TopK, also behind what only reshapes or casts them.
  /// - Parameters:
  ///   - results: The model's outputs by name.
  ///   - expected: The reference's.
  ///   - reference: The reference's graph, which runs again on `inputs` where there is such an output.
  mutating func settleTies(
    _ results: [String: Tensor], _ expected: [(name: String, tensor: Tensor)],
    _ reference: Specialised, _ inputs: [String: Tensor], _ tolerance: Tolerance
  ) {
    let choices = outputs.indices.compactMap { place -> (place: Int, choice: Choice)? in
      guard !outputs[place].pass else { return nil }
      return Choice(of: outputs[place].name, in: reference).map { (place, $0) }
    }
    guard !choices.isEmpty else { return }
    let wanted = Set(choices.map(\.choice.value))
    var values: [Graph.ValueID: Tensor] = [:]
    for id in reference.graph.inputs where wanted.contains(id) {
      values[id] = inputs[reference.graph.values[id].name]
    }
    _ = try? interpret(
      reference, inputs: inputs, file: "",
      observe: { id, _, tensor in if wanted.contains(id) { values[id] = tensor } })
    let rounding = reference.roundingOfValues
    for (place, choice) in choices {
      let name = outputs[place].name
      guard let value = values[choice.value], let own = results[name],
        let other = expected.first(where: { $0.name == name })?.tensor, own.shape == other.shape,
        let count = choice.ties(
          own, other, value, tolerance, rounding[choice.value] ?? value.elementType)
      else { continue }
      outputs[place].pass = true
      outputs[place].reason = nil
      outputs[place].note =
        "\(count) of \(own.count) positions differ, where values are alike but for rounding"
    }
    pass = !outputs.isEmpty && outputs.allSatisfy(\.pass)
  }
}

/// Positions along an axis, of the largest or the smallest values.
private struct Choice {
  var value: Graph.ValueID
  var axis: Int

  /// What an output's positions point at; nil where it holds none.
  init?(of output: String, in graph: Specialised) {
    let nodes = graph.graph.nodes
    guard var id = graph.graph.outputs.first(where: { graph.graph.values[$0].name == output })
    else { return nil }
    while true {
      guard let node = nodes.first(where: { $0.outputs.contains(id) }),
        let input = node.inputs.first.flatMap(\.self)
      else { return nil }
      switch node.operation {
      case "Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten": id = input
      case "ArgMax", "ArgMin", "TopK":
        guard node.operation != "TopK" || node.outputs.last == id, let type = graph.types[input]
        else { return nil }
        var axis = node.operation == "TopK" ? -1 : 0
        if case .integer(let given)? = node.attributes["axis"] { axis = Int(given) }
        self.value = input
        self.axis = axis < 0 ? axis + type.shape.count : axis
        return
      default: return nil
      }
    }
  }

  /// How many positions differ; nil where one of them points at another value.
  func ties(
    _ own: Tensor, _ other: Tensor, _ value: Tensor, _ tolerance: Tolerance,
    _ rounding: ElementType
  ) -> Int? {
    let extent = value.shape[axis]
    let inner = value.shape[(axis + 1)...].reduce(1, *)
    let outer = value.shape[..<axis].reduce(1, *)
    guard inner > 0, outer > 0, own.count % (inner * outer) == 0 else { return nil }
    let chosen = own.count / (inner * outer)
    let numbers = value.doubles
    let finite = numbers.filter(\.isFinite)
    let range = (finite.max() ?? 0) - (finite.min() ?? 0)
    let absolute = tolerance.absolute(in: value.elementType, rounding: rounding, range: range)
    var differing = 0
    for (place, (a, b)) in zip(own.integers, other.integers).enumerated() where a != b {
      guard (0..<extent).contains(Int(a)), (0..<extent).contains(Int(b)) else { return nil }
      let first = place / (chosen * inner) * extent * inner + place % inner
      let (x, y) = (numbers[first + Int(a) * inner], numbers[first + Int(b) * inner])
      guard abs(x - y) <= absolute + tolerance.relative * abs(y) else { return nil }
      differing += 1
    }
    return differing
  }
}
