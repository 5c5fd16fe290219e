/// How far a tensor is from another of the same type.
public struct TensorDifference: Sendable {
  /// Largest absolute difference; infinite where one side is not a number or infinite alone.
  public private(set) var maximumAbsolute = 0.0
  /// Largest difference relative to the expected value's size.
  public private(set) var maximumRelative = 0.0
  /// Cosine of the angle between the two as vectors; 1 for equal directions, also when both are zero.
  public private(set) var cosine = 1.0
  /// Elements beyond the tolerance.
  public private(set) var mismatches = 0
  /// Flat position of the first of those.
  public private(set) var firstMismatch: Int?

  /// Whether every element is within the tolerance.
  public var isWithinTolerance: Bool { mismatches == 0 }

  /// Compares element by element: `|actual - expected| <= absolute + relative * |expected|`.
  ///
  /// Integers and truth values must be equal.
  /// - Precondition: both have the same type and are not text.
  public init(_ actual: Tensor, _ expected: Tensor, relative: Double, absolute: Double) {
    precondition(actual.type == expected.type, "\(actual.type) is compared with \(expected.type)")
    guard expected.elementType.isFloatingPoint else {
      for (position, pair) in zip(actual.integers, expected.integers).enumerated() {
        let distance = Double(pair.0) - Double(pair.1)
        note(position, abs(distance), size: abs(Double(pair.1)), isMatch: pair.0 == pair.1)
      }
      return
    }
    var (product, ownSquare, otherSquare) = (0.0, 0.0, 0.0)
    for (position, pair) in zip(actual.doubles, expected.doubles).enumerated() {
      let (own, other) = pair
      if own == other || (own.isNaN && other.isNaN) {
        note(position, 0, size: abs(other), isMatch: true)
      } else {
        let distance = own.isFinite && other.isFinite ? abs(own - other) : .infinity
        note(
          position, distance, size: abs(other),
          isMatch: distance <= absolute + relative * abs(other) && distance.isFinite)
      }
      product += own * other
      ownSquare += own * own
      otherSquare += other * other
    }
    if ownSquare != otherSquare || product != ownSquare {
      cosine = product / (ownSquare.squareRoot() * otherSquare.squareRoot())
    }
  }

  private mutating func note(_ position: Int, _ distance: Double, size: Double, isMatch: Bool) {
    maximumAbsolute = max(maximumAbsolute, distance)
    if distance > 0 { maximumRelative = max(maximumRelative, distance / size) }
    if !isMatch {
      mismatches += 1
      firstMismatch = firstMismatch ?? position
    }
  }
}
