import EspalierGraph

extension TensorDecoder {
  /// The dense tensor of a sparse one: zeros but for the values at the indices.
  ///
  /// Its size has nothing to do with the file's, so it is held to an allowance before it is made.
  /// - Throws: `GraphError` with code `.badIndex` for an index that is out of range, out of order or there
  ///   twice, `.shapeTooLarge` beyond the allowance, and what the tensors' own faults are.
  mutating func decode(_ proto: ProtoSparseTensor) throws(GraphError) -> Tensor {
    guard proto.hasValues, !proto.dims.isEmpty, proto.dims.allSatisfy({ $0 > 0 }) else {
      throw GraphError(.badShape, "a sparse tensor without values, or of shape \(proto.dims)")
    }
    let values = try decode(proto.values)
    guard values.rank == 1, values.elementType != .string else {
      throw GraphError(
        .badType, "the values of a sparse tensor are \(values.type) and not a list of numbers")
    }
    let shape = proto.dims.map { Int($0) }
    let type = try TensorType(values.elementType, shape).checked()
    let places = try places(of: proto, count: values.count, shape)
    try takeSparseAllowance(type, stored: values.type)
    return Tensor(
      elementType: type.elementType, shape: shape,
      storage: values.storage.spread(to: places, of: type.count))
  }

  /// The place of each value among the dense tensor's elements, ascending.
  private mutating func places(
    of proto: ProtoSparseTensor, count: Int, _ shape: [Int]
  ) throws(GraphError) -> [Int] {
    guard proto.hasIndices else {
      if count == 0 { return [] }
      throw GraphError(.badShape, "a sparse tensor of \(count) values has no indices")
    }
    let indices = try decode(proto.indices)
    guard indices.elementType == .int64 else {
      throw GraphError(.badType, "the indices of a sparse tensor are \(indices.type) and not int64")
    }
    let isLinear = indices.shape == [count]
    guard isLinear || indices.shape == [count, shape.count] else {
      throw GraphError(
        .badShape,
        "indices of shape \(indices.shape) for \(count) values of a sparse tensor of rank \(shape.count)"
      )
    }
    let numbers = indices.integers
    // A linear index is a coordinate of the flattened tensor.
    let extents = isLinear ? [shape.reduce(1, *)] : shape
    var places: [Int] = []
    places.reserveCapacity(count)
    for value in 0..<count {
      var place = 0
      for (axis, extent) in extents.enumerated() {
        let index = numbers[value * extents.count + axis]
        guard index >= 0, index < extent else {
          throw GraphError(
            .badIndex,
            "index \(index) of value \(value) is not within the sparse tensor's \(extent)")
        }
        place = place * extent + Int(index)
      }
      if let last = places.last, place <= last {
        let fault = place == last ? "is there twice" : "is out of order"
        throw GraphError(.badIndex, "the index of value \(value) of a sparse tensor \(fault)")
      }
      places.append(place)
    }
    return places
  }

  private mutating func takeSparseAllowance(
    _ type: TensorType, stored: TensorType
  ) throws(GraphError) {
    guard type.count * type.elementType.byteCount <= Self.maximumByteCount else {
      throw GraphError(.shapeTooLarge, "a sparse tensor of \(type) is beyond 2 GiB")
    }
    let free = Self.sparseRatio * stored.storedByteCount
    sparseAllowance -= max(0, type.storedByteCount - free)
    guard sparseAllowance >= 0 else {
      throw GraphError(
        .shapeTooLarge,
        "\(type) for \(stored.count) values of a sparse tensor; such tensors may take "
          + "\(Self.maximumSparseByteCount >> 20) MiB beyond \(Self.sparseRatio) times their values"
      )
    }
  }
}

extension Tensor.Storage {
  /// The elements at given places, zeros at all others.
  fileprivate func spread(to places: [Int], of count: Int) -> Tensor.Storage {
    func spread<Element>(_ values: [Element], _ zero: Element) -> [Element] {
      var result = [Element](repeating: zero, count: count)
      for (place, value) in zip(places, values) { result[place] = value }
      return result
    }
    return switch self {
    case .float(let values): .float(spread(values, 0))
    case .double(let values): .double(spread(values, 0))
    case .integer(let values): .integer(spread(values, 0))
    case .byte(let values): .byte(spread(values, 0))
    case .text(let values): .text(spread(values, ""))
    }
  }
}
