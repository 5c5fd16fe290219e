import EspalierGraph

/// An operator with a fast evaluation beside its reference one, for float32 and one output.
protocol FastOperator: Sendable {
  /// The first output; `nil` for a case that is left to the reference.
  ///
  /// Inputs have been inferred, so shapes fit each other.
  func compute(_ inputs: [Tensor?], _ output: TensorType) throws(GraphError) -> Tensor?
}

/// An operator's fast evaluation; `nil` where it has none.
func fastOperator(_ operation: any Operator) -> (any FastOperator)? {
  if let fast = operation as? any FastOperator { return fast }
  if let unary = operation as? any UnaryOperator { return FastUnary(unary) }
  return nil
}

extension Tensor {
  /// The elements of a float32 tensor; `nil` for another type.
  var singles: [Float]? {
    guard elementType == .float32, case .float(let values) = storage else { return nil }
    return values
  }
}

extension Array where Element == Tensor? {
  /// The elements of a float32 input; `nil` where it is left out or of another type.
  func singles(_ index: Int) -> [Float]? { index < count ? self[index]?.singles : nil }

  /// Whether an input is there.
  func has(_ index: Int) -> Bool { index < count && self[index] != nil }
}

extension Array where Element == Float {
  /// An array that the body fills whole.
  init(filling count: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) {
    unsafe self.init(unsafeUninitializedCapacity: count) { buffer, filled in
      if count > 0 { unsafe body(buffer.baseAddress!) }
      filled = count
    }
  }
}
