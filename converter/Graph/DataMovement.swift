/// The flat positions of a strided view in row-major order: `start + sum(index[i] * strides[i])`.
func positions(of shape: [Int], from start: Int = 0, strides: [Int]) -> [Int] {
  var result: [Int] = []
  result.reserveCapacity(shape.reduce(1, *))
  forEachIndex(of: shape) { index in
    var position = start
    for axis in index.indices { position += index[axis] * strides[axis] }
    result.append(position)
  }
  return result
}

/// A possibly negative index as one within `0..<extent`.
/// - Throws: `GraphError` with code `.badIndex` where it is out of range.
func resolve(index: Int64, extent: Int) throws(GraphError) -> Int {
  let extent = Int64(extent)
  guard index >= -extent, index < extent else {
    throw GraphError(.badIndex, "index \(index) is outside an axis of extent \(extent)")
  }
  return Int(index < 0 ? index + extent : index)
}

/// The product of extents that a file gives.
/// - Throws: `GraphError` with code `.shapeTooLarge` on overflow.
func checkedProduct(_ factors: [Int]) throws(GraphError) -> Int {
  var product = 1
  for factor in factors {
    let (next, overflow) = product.multipliedReportingOverflow(by: factor)
    guard !overflow else {
      throw GraphError(.shapeTooLarge, "the product of \(factors) exceeds 63 bits")
    }
    product = next
  }
  return product
}

/// The sum of extents that a file gives.
/// - Throws: `GraphError` with code `.shapeTooLarge` on overflow.
func checkedSum(_ terms: [Int]) throws(GraphError) -> Int {
  var sum = 0
  for term in terms {
    let (next, overflow) = sum.addingReportingOverflow(term)
    guard !overflow else {
      throw GraphError(.shapeTooLarge, "the sum of \(terms) exceeds 63 bits")
    }
    sum = next
  }
  return sum
}

extension Array where Element == OperatorInput? {
  /// The values of an input that decides shapes; `nil` where it is left out.
  /// - Throws: `GraphError` with code `.needsConstant` where they are not known.
  func integers(at index: Int, _ name: String) throws(GraphError) -> [Int]? {
    guard index < count, let input = self[index] else { return nil }
    guard input.elementType.isInteger, input.rank <= 1 else {
      throw GraphError(.badType, "the \(name) must be integers on one axis, not \(input.type)")
    }
    guard let constant = input.constant else {
      throw GraphError(.needsConstant, "the \(name) must be constant")
    }
    return constant.integers.map { Int($0) }
  }
}

extension Array where Element == Tensor? {
  /// The same inputs as a shape rule sees them, all constant.
  var known: [OperatorInput?] { map { $0.map { OperatorInput($0) } } }
}

extension Tensor {
  /// The elements of one tensor followed by those of others, on one axis.
  /// - Precondition: all have the same element type, and there is at least one.
  static func joined(_ tensors: [Tensor]) -> Tensor {
    let count = tensors.reduce(0) { $0 + $1.count }
    let storage: Storage =
      switch tensors[0].storage {
      case .float: .float(tensors.flatMap { $0.floats })
      case .double: .double(tensors.flatMap { $0.doubles })
      case .integer: .integer(tensors.flatMap { $0.integers })
      case .byte: .byte(tensors.flatMap { $0.bytes })
      case .text: .text(tensors.flatMap { $0.texts })
      }
    return Tensor(elementType: tensors[0].elementType, shape: [count], storage: storage)
  }

  private var bytes: [UInt8] {
    if case .byte(let values) = storage { values } else { [] }
  }

  private var texts: [String] {
    if case .text(let values) = storage { values } else { [] }
  }
}
