extension Graph {
  /// The types of the graph's inputs once every extent is a number.
  ///
  /// An unknown extent takes, in this order: the value given for the input, the value its symbol has
  /// elsewhere, 1 if it is the first axis (the batch).
  /// - Parameter shapes: Shapes the user gives, by input name.
  /// - Returns: for each input its type; for rewriting, `nil` for text and for what is no tensor.
  /// - Throws: `GraphProblems` naming each input that remains unknown and the flag that gives its shape.
  func inputTypes(
    shapes: [String: [Int]], _ purpose: Specialised.Purpose
  ) throws(GraphProblems) -> [TensorType?] {
    var problems = unknownInputs(shapes)
    var symbols = symbolValues(shapes)
    for id in inputs {
      if case .symbol(let symbol)? = values[id].shape?.first, shapes[values[id].name] == nil {
        symbols[symbol] = symbols[symbol] ?? 1
      }
    }
    var types: [TensorType?] = []
    for id in inputs {
      let value = values[id]
      if purpose == .rewriting, value.elementType == .string || value.opaqueType != nil {
        types.append(nil)
        continue
      }
      do throws(GraphError) {
        types.append(try inputType(value, given: shapes[value.name], symbols))
      } catch {
        problems.append(error.at("input \"\(value.name)\""))
      }
    }
    guard problems.isEmpty else { throw GraphProblems(problems) }
    return types
  }

  /// Inputs whose first axis is open, and 1 where nobody says: with its symbol, and a shape as it is given.
  package func assumedBatches(
    _ shapes: [String: [Int]]
  ) -> [(input: String, symbol: String, example: String)] {
    let symbols = symbolValues(shapes)
    return inputs.compactMap { id in
      let value = values[id]
      guard shapes[value.name] == nil, let declared = value.shape, let first = declared.first else {
        return nil
      }
      switch first {
      case .fixed: return nil
      case .symbol(let symbol):
        return symbols[symbol] == nil ? (value.name, symbol, example(declared)) : nil
      case .unknown: return (value.name, "?", example(declared))
      }
    }
  }

  /// A problem for each name that no input has.
  package func unknownInputs(_ shapes: [String: [Int]]) -> [GraphError] {
    let names = inputs.map { values[$0].name }
    return shapes.keys.sorted().filter { !names.contains($0) }.map {
      GraphError(.badInput, "the model has no input \"\($0)\"; it has \(quoted(names))")
    }
  }

  /// The inputs' shapes with a number for each free extent but batches, which are 1.
  /// - Parameter given: Shapes that are known.
  package func madeUpShapes(_ extent: Int, given: [String: [Int]] = [:]) -> [String: [Int]] {
    var symbols = symbolValues(given)
    var result = given
    for input in inputs {
      guard let shape = values[input].shape, result[values[input].name] == nil else { continue }
      result[values[input].name] = shape.enumerated().map { axis, dimension in
        let assumed = axis == 0 ? 1 : extent
        switch dimension {
        case .fixed(let number): return number
        case .unknown: return assumed
        case .symbol(let name):
          symbols[name] = symbols[name] ?? assumed
          return symbols[name]!
        }
      }
    }
    return result
  }

  /// What the shapes given by the user say about symbols.
  private func symbolValues(_ shapes: [String: [Int]]) -> [String: Int] {
    var result: [String: Int] = [:]
    for id in inputs {
      guard let given = shapes[values[id].name], let declared = values[id].shape,
        given.count == declared.count
      else { continue }
      for case (.symbol(let symbol), let extent) in zip(declared, given) { result[symbol] = extent }
    }
    return result
  }

  private func inputType(
    _ value: Value, given: [Int]?, _ symbols: [String: Int]
  ) throws(GraphError) -> TensorType {
    guard value.opaqueType == nil else {
      throw .noTensor
    }
    guard let elementType = value.elementType else {
      throw GraphError(.badType, "the file declares no element type for this input")
    }
    guard elementType != .string else {
      throw GraphError(.badType, "text inputs are not supported")
    }
    guard let declared = value.shape else {
      guard let given else {
        throw GraphError(
          .symbolicShape, "the shape is unknown; give it with --input-shape \(value.name)=1,...")
      }
      return try TensorType(elementType, given).checked()
    }
    if let given {
      let agrees =
        given.count == declared.count
        && zip(declared, given).allSatisfy { declared, given in
          if case .fixed(let extent) = declared { extent == given } else { true }
        }
      guard agrees else {
        throw GraphError(
          .badShape, "shape \(given) does not fit the declared \(describe(declared))")
      }
      return try TensorType(elementType, given).checked()
    }
    var shape: [Int] = []
    for (axis, dimension) in declared.enumerated() {
      switch dimension {
      case .fixed(let extent): shape.append(extent)
      case .symbol(let symbol) where symbols[symbol] != nil: shape.append(symbols[symbol]!)
      case .unknown where axis == 0: shape.append(1)
      case .symbol, .unknown:
        throw GraphError(
          .symbolicShape,
          "the extent of axis \(axis) in \(describe(declared)) is unknown; "
            + "give the shape with --input-shape \(value.name)=\(example(declared))")
      }
    }
    return try TensorType(elementType, shape).checked()
  }
}

private func describe(_ shape: [Graph.Dimension]) -> String {
  let parts = shape.map { dimension in
    switch dimension {
    case .fixed(let extent): "\(extent)"
    case .symbol(let name): name
    case .unknown: "?"
    }
  }
  return "[" + parts.joined(separator: ", ") + "]"
}

/// A value for the flag that the user can complete: known extents as they are, the batch as 1.
private func example(_ shape: [Graph.Dimension]) -> String {
  shape.enumerated().map { axis, dimension in
    if case .fixed(let extent) = dimension { "\(extent)" } else { axis == 0 ? "1" : "N" }
  }.joined(separator: ",")
}

func quoted(_ names: [String]) -> String {
  names.map { "\"\($0)\"" }.joined(separator: ", ")
}
