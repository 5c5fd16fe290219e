extension Graph {
  /// The graph with inputs as constants, which its shapes and branches may then follow.
  /// - Throws: `GraphProblems` for names that are no inputs and tensors that do not fit the declarations.
  public func binding(_ inputValues: [String: Tensor]) throws(GraphProblems) -> Graph {
    var result = self
    var problems: [GraphError] = []
    for (name, tensor) in inputValues.sorted(by: { $0.key < $1.key }) {
      do throws(GraphError) {
        let id = try input(named: name)
        let declared = values[id].shape ?? tensor.shape.map { .fixed($0) }
        let fits = zip(declared, tensor.shape).allSatisfy { declared, extent in
          if case .fixed(let wanted) = declared { wanted == extent } else { true }
        }
        guard tensor.elementType == values[id].elementType, declared.count == tensor.rank, fits
        else {
          throw GraphError(.badInput, "the value is \(tensor.type), which the input does not take")
        }
        result.values[id].shape = tensor.shape.map { .fixed($0) }
        result.values[id].constant = tensor
        result.inputs.removeAll { $0 == id }
      } catch {
        problems.append(error.at("input \"\(name)\""))
      }
    }
    guard problems.isEmpty else { throw GraphProblems(problems) }
    return result
  }

  /// The tensor of an input from text: a number, `true` or `false`, or a list of them with commas.
  /// - Throws: `GraphError` with code `.badInput` for no such input, one of more than one axis, and text that
  ///   is no value of its type.
  public func inputTensor(_ name: String, from text: String) throws(GraphError) -> Tensor {
    let value = values[try input(named: name)]
    let place = "input \"\(name)\""
    guard let type = value.elementType, type != .string else {
      throw GraphError(
        .badType, "only inputs of a declared type of numbers take a value", node: place)
    }
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    var shape = [parts.count]
    if let declared = value.shape {
      // Extents of 1 hold what a scalar holds.
      if parts.count == 1 { shape = declared.map { _ in 1 } }
      guard shape.count == declared.count else {
        throw GraphError(
          .badInput, "\(parts.count) values for an input of \(declared.count) axes", node: place)
      }
    } else if parts.count == 1 {
      shape = []
    }
    if type.isFloatingPoint {
      var numbers: [Double] = []
      for part in parts {
        guard let number = Double(part), number.isFinite else { throw misfit(part, type, place) }
        numbers.append(number)
      }
      return Tensor(elementType: type, shape: shape, doubles: numbers)
    }
    var integers: [Int64] = []
    for part in parts {
      let truth: Int64? = part == "true" ? 1 : part == "false" ? 0 : nil
      guard let number = (type == .bool ? truth : nil) ?? Int64(part),
        type.integerRange.contains(number)
      else { throw misfit(part, type, place) }
      integers.append(number)
    }
    return Tensor(elementType: type, shape: shape, integers: integers)
  }

  private func input(named name: String) throws(GraphError) -> ValueID {
    guard let id = inputs.first(where: { values[$0].name == name }) else {
      let names = quoted(inputs.map { values[$0].name })
      throw GraphError(.badInput, "the model has no input \"\(name)\"; it has \(names)")
    }
    return id
  }
}

private func misfit(_ part: String, _ type: ElementType, _ place: String) -> GraphError {
  GraphError(.badInput, "\"\(part)\" is no value of an input of type \(type)", node: place)
}
