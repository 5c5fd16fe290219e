package import EspalierGraph

/// How closely two results must agree: `|a - b| <= atol + rtol * |b|`; integers and Booleans exactly, but
/// that bytes, which are rounded to, may be one apart where no absolute tolerance is given.
public struct Tolerance: Sendable {
  public var relative: Double
  /// nil for a share of the reference output's range that its type's rounding asks for: 1e-4, of
  /// float16 4 of its 2^-10, of bfloat16 4 of its 2^-7.
  public var absolute: Double?

  public init(relative: Double = 1e-3, absolute: Double? = nil) {
    self.relative = relative
    self.absolute = absolute
  }

  /// What may differ in an output of a type whose values lie within a range of this length.
  func absolute(in type: ElementType, range: Double) -> Double {
    if let absolute { return absolute }
    return switch type {
    case .float16: 4.0 / 1024 * range
    case .bfloat16: 4.0 / 128 * range
    case .int8, .uint8: 1
    default: 1e-4 * range
    }
  }
}

/// The comparison of a model's outputs with a reference's: `espalier verify`.
public struct Verification: Sendable, Encodable {
  public var schema = "espalier.verify/1"
  public var pass: Bool
  public var outputs: [Output]

  /// One output.
  public struct Output: Sendable, Encodable {
    public var name: String
    /// Largest absolute difference.
    public var maxAbsolute: Double
    /// Largest difference as a share of the expected value.
    public var maxRelative: Double
    /// Largest difference as a share of the range of the expected values, of their size where they are
    /// all alike.
    public var maxOfRange: Double
    /// Cosine similarity; 1 where both are zero.
    public var cosine: Double
    public var pass: Bool
    /// What differs other than in value, such as the shape.
    public var reason: String?

    private enum CodingKeys: String, CodingKey {
      case name, cosine, pass, reason
      case maxAbsolute = "max_abs"
      case maxRelative = "max_rel"
      case maxOfRange = "max_of_range"
    }
  }

  /// Compares results by output name; every output of the reference must be there.
  package init(
    _ results: [String: Tensor], against reference: [(name: String, tensor: Tensor)],
    tolerance: Tolerance
  ) {
    outputs = reference.map { name, expected in
      guard let actual = results[name] else {
        return Output(differing: name, "the output is missing")
      }
      return Self.compare(name, actual, expected, tolerance)
    }
    pass = outputs.allSatisfy(\.pass) && !outputs.isEmpty
  }

  private static func compare(
    _ name: String, _ actual: Tensor, _ expected: Tensor, _ tolerance: Tolerance
  ) -> Output {
    guard actual.shape == expected.shape else {
      return Output(differing: name, "shape \(actual.shape) where \(expected.shape) was expected")
    }
    let (own, other) = (actual.elementType, expected.elementType)
    // The runtime keeps every floating-point type as float32.
    guard own == other || own.isFloatingPoint && other.isFloatingPoint else {
      return Output(differing: name, "\(own) where \(other) was expected")
    }
    let (a, b) = (actual.doubles, expected.doubles)
    let finite = b.filter(\.isFinite)
    let range = (finite.max() ?? 0) - (finite.min() ?? 0)
    let isByte = other == .int8 || other == .uint8
    let isExact = !other.isFloatingPoint && !(isByte && tolerance.absolute == nil)
    // A constant output has no range; its size stands in.
    let size = range > 0 ? range : finite.map(abs).max() ?? 0
    let absolute = tolerance.absolute(in: other, range: size)
    var output = Output(
      name: name, maxAbsolute: 0, maxRelative: 0, maxOfRange: 0, cosine: 1, pass: true, reason: nil)
    var (dot, normA, normB) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      if x == y || (x.isNaN && y.isNaN) {
        if x.isFinite { (dot, normA, normB) = (dot + x * y, normA + x * x, normB + y * y) }
        continue
      }
      let difference = abs(x - y)
      let isClose =
        !isExact && difference.isFinite
        && difference <= absolute + (isByte ? 0 : tolerance.relative * abs(y))
      if !isClose { output.pass = false }
      output.maxAbsolute = max(output.maxAbsolute, difference.isNaN ? .infinity : difference)
      output.maxRelative = max(
        output.maxRelative, difference.isNaN ? .infinity : difference / max(abs(y), 1e-30))
      (dot, normA, normB) = (dot + x * y, normA + x * x, normB + y * y)
    }
    output.maxOfRange =
      output.maxAbsolute == 0 ? 0 : size > 0 ? output.maxAbsolute / size : .infinity
    if normA > 0 || normB > 0 {
      output.cosine = normA > 0 && normB > 0 ? dot / (normA * normB).squareRoot() : 0
    }
    if !output.pass {
      output.reason =
        "differs by up to \(output.maxAbsolute), \(Float(output.maxOfRange)) of its range"
    }
    return output
  }
}

extension Verification.Output {
  /// An output that cannot be compared.
  fileprivate init(differing name: String, _ reason: String) {
    self.init(
      name: name, maxAbsolute: .infinity, maxRelative: .infinity, maxOfRange: .infinity, cosine: 0,
      pass: false, reason: reason)
  }
}
