extension VerifiedModel {
  /// Types, sizes and places of all tensors, and the model's inputs and outputs.
  func checkTensors() throws(ModelFileError) {
    guard arenaBytes % 64 == 0, Int(exactly: arenaBytes) != nil else {
      throw ModelFileError(.badPlacement, at: .file, "the arena's size is no multiple of 64")
    }
    for index in 0..<tensorCount {
      let tensor = tensor(index)
      let bytes = try checkSize(of: tensor, at: .tensor(index))
      try checkPlace(of: tensor, bytes: bytes, at: .tensor(index))
    }
    var seen = [Bool](repeating: false, count: tensorCount)
    for (position, number) in inputs.enumerated() {
      try checkListed(number, at: .input(position), &seen)
      let tensor = tensor(Int(number))
      guard !tensor.isConstant, tensor.viewOf == nil else {
        throw ModelFileError(
          .badPlacement, at: .input(position), "an input must lie in the arena and be no view")
      }
    }
    seen = [Bool](repeating: false, count: tensorCount)
    for (position, number) in outputs.enumerated() {
      try checkListed(number, at: .output(position), &seen)
    }
  }

  private func checkListed(
    _ number: Int32, at place: ModelFileError.Place, _ seen: inout [Bool]
  ) throws(ModelFileError) {
    guard number >= 0, Int(number) < tensorCount else {
      throw ModelFileError(.badReference, at: place, "there is no tensor of this number")
    }
    guard !seen[Int(number)] else {
      throw ModelFileError(.badReference, at: place, "the tensor is listed twice")
    }
    seen[Int(number)] = true
  }

  /// The number of bytes, which no product of extents on the way to it exceeds.
  private func checkSize(of tensor: Tensor, at place: ModelFileError.Place)
    throws(ModelFileError) -> UInt64
  {
    guard let type = tensor.type else {
      throw ModelFileError(.badTensor, at: place, "the element type is not known")
    }
    var bytes = UInt64(type.size)
    var isEmpty = false
    for axis in 0..<tensor.rank {
      guard let extent = UInt64(exactly: tensor.rawExtent(axis)) else {
        throw ModelFileError(.badTensor, at: place, "an extent is negative")
      }
      isEmpty = isEmpty || extent == 0
      // An empty axis does not excuse the others: strides are products of them.
      let (product, overflow) = bytes.multipliedReportingOverflow(by: Swift.max(extent, 1))
      guard !overflow, product <= limits.tensorBytes, Int(exactly: product) != nil else {
        throw ModelFileError(.overLimit, at: place, "the tensor is larger than the limit")
      }
      bytes = product
    }
    return isEmpty ? 0 : bytes
  }

  private func checkPlace(of tensor: Tensor, bytes: UInt64, at place: ModelFileError.Place)
    throws(ModelFileError)
  {
    let room = tensor.isConstant ? valuesLength : arenaBytes
    guard tensor.offset % 64 == 0, tensor.offset <= room, bytes <= room - tensor.offset else {
      throw ModelFileError(
        .badPlacement, at: place, "the tensor does not lie within its segment, or is not aligned")
    }
    guard let storage = tensor.viewOf else { return }
    guard storage >= 0, storage < tensorCount else {
      throw ModelFileError(.badReference, at: place, "there is no tensor of this view's number")
    }
    let other = self.tensor(storage)
    guard !tensor.isConstant, !other.isConstant, other.viewOf == nil else {
      throw ModelFileError(.badPlacement, at: place, "a view is of a tensor in the arena itself")
    }
    let otherBytes = try checkSize(of: other, at: .tensor(storage))
    guard tensor.offset >= other.offset, bytes <= otherBytes,
      tensor.offset - other.offset <= otherBytes - bytes
    else {
      throw ModelFileError(.badPlacement, at: place, "a view must lie within its tensor")
    }
  }
}
