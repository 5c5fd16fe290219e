package import EspalierBoard
package import EspalierGraph

/// Reads a tensor from a NumPy file.
/// - Throws: `TensorFileError`: 66 where there is no file, 65 where it is no array we can take.
package func tensor(contentsOfNumPy path: String) throws(TensorFileError) -> Tensor {
  do throws(NumPyFile.Failure) {
    let file = try NumPyFile(contentsOf: path)
    return unsafe tensor(file.header.element.type, file.header.dims, file.values)
  } catch {
    throw TensorFileError(exitCode: error.exitCode, error.description)
  }
}

/// The shape of the tensor in a NumPy file, whose values are not read.
/// - Throws: As for reading it.
package func shape(ofNumPy path: String) throws(TensorFileError) -> [Int] {
  do throws(NumPyFile.Failure) { return try NumPyFile(contentsOf: path).header.dims } catch {
    throw TensorFileError(exitCode: error.exitCode, error.description)
  }
}

/// Writes a tensor as a NumPy file, whole or not at all; types NumPy's reader lacks become float32.
/// - Returns: The type and shape that the file has.
/// - Throws: `TensorFileError` with 73 or 74.
@discardableResult
package func write(_ tensor: Tensor, toNumPy path: String) throws(TensorFileError) -> TensorType {
  let element = NumPyElement(rawValue: tensor.elementType.rawValue) ?? .float32
  let bytes = tensor.bytes(as: element)
  let failure: BoardError? = unsafe bytes.withUnsafeBytes { values in
    do throws(BoardError) {
      try unsafe NumPyFile.write(values, element: element, dims: tensor.shape, to: path)
      return nil
    } catch {
      return error
    }
  }
  if let failure { throw TensorFileError(exitCode: failure.exitCode, failure.description) }
  return TensorType(element.type, tensor.shape)
}

extension NumPyElement {
  /// The same type in a graph.
  fileprivate var type: ElementType {
    switch self {
    case .float32: .float32
    case .uint8: .uint8
    case .int8: .int8
    case .int32: .int32
    case .int64: .int64
    case .bool: .bool
    }
  }
}

extension Tensor {
  /// The elements in row-major order as a board keeps them.
  package func bytes(as element: NumPyElement) -> [UInt8] {
    switch element {
    case .float32: unsafe floats.withUnsafeBytes { unsafe Array($0) }
    case .int64: unsafe integers.withUnsafeBytes { unsafe Array($0) }
    case .int32:
      unsafe integers.map { Int32(truncatingIfNeeded: $0) }.withUnsafeBytes { unsafe Array($0) }
    case .uint8, .int8: integers.map { UInt8(truncatingIfNeeded: $0) }
    case .bool: booleans.map { $0 ? 1 : 0 }
    }
  }
}

/// A tensor from a board's bytes.
/// - Precondition: the bytes fill the shape.
package func tensor(
  _ type: ElementType, _ shape: [Int], _ bytes: UnsafeRawBufferPointer
) -> Tensor {
  func values<Value>(_: Value.Type) -> [Value] {
    let count = bytes.count / MemoryLayout<Value>.stride
    return unsafe Array(unsafeUninitializedCapacity: count) { buffer, filled in
      for index in 0..<count {
        unsafe buffer[index] = bytes.loadUnaligned(
          fromByteOffset: index * MemoryLayout<Value>.stride, as: Value.self)
      }
      filled = count
    }
  }
  let storage: Tensor.Storage =
    switch type {
    case .float32, .float16, .bfloat16: .float(values(Float.self))
    case .int64: .integer(values(Int64.self))
    case .int32: .integer(values(Int32.self).map { Int64($0) })
    default: .byte(values(UInt8.self))
    }
  return Tensor(elementType: type, shape: shape, storage: storage)
}
