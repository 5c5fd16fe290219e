import EspalierGraph

extension Tensor {
  /// Number of elements that are not zero.
  var nonzeroCount: Int {
    switch storage {
    case .float(let values): values.reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
    case .double(let values): values.reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
    case .integer(let values): values.reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
    case .byte(let values): values.reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
    case .text(let values): values.count
    }
  }

  /// The flat position of the first NaN or infinity.
  var firstNonFinite: Int? {
    switch storage {
    case .float(let values): values.firstIndex { !$0.isFinite }
    case .double(let values): values.firstIndex { !$0.isFinite }
    case .integer, .byte, .text: nil
    }
  }

  /// The tensor with zeros where the mask is set.
  /// - Precondition: the mask has as many elements as the tensor, which is floating-point.
  func zeroed(where mask: [Bool]) -> Tensor {
    precondition(mask.count == count, "a mask has one element for each weight")
    switch storage {
    case .float(var values):
      for position in mask.indices where mask[position] { values[position] = 0 }
      return Tensor(elementType: elementType, shape: shape, storage: .float(values))
    case .double(var values):
      for position in mask.indices where mask[position] { values[position] = 0 }
      return Tensor(elementType: elementType, shape: shape, storage: .double(values))
    case .integer, .byte, .text:
      preconditionFailure("only floating-point weights are pruned")
    }
  }
}
