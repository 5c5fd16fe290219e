package import EspalierGraph

/// How closely two results must agree: `|a - b| <= atol + rtol * |b|`; integers and Booleans exactly.
public struct Tolerance: Sendable {
  public var relative: Double
  /// nil for 1e-4 of the reference output's range.
  public var absolute: Double?

  public init(relative: Double = 1e-3, absolute: Double? = nil) {
    self.relative = relative
    self.absolute = absolute
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
    /// Cosine similarity; 1 where both are zero.
    public var cosine: Double
    public var pass: Bool
    /// What differs other than in value, such as the shape.
    public var reason: String?

    private enum CodingKeys: String, CodingKey {
      case name, cosine, pass, reason
      case maxAbsolute = "max_abs"
      case maxRelative = "max_rel"
    }
  }

  /// Compares results by output name; every output of the reference must be there.
  package init(
    _ results: [String: Tensor], against reference: [(name: String, tensor: Tensor)],
    tolerance: Tolerance
  ) {
    outputs = reference.map { name, expected in
      guard let actual = results[name] else {
        return Output(
          name: name, maxAbsolute: .infinity, maxRelative: .infinity, cosine: 0, pass: false,
          reason: "the output is missing")
      }
      return Self.compare(name, actual, expected, tolerance)
    }
    pass = outputs.allSatisfy(\.pass) && !outputs.isEmpty
  }

  private static func compare(
    _ name: String, _ actual: Tensor, _ expected: Tensor, _ tolerance: Tolerance
  ) -> Output {
    guard actual.shape == expected.shape else {
      return Output(
        name: name, maxAbsolute: .infinity, maxRelative: .infinity, cosine: 0, pass: false,
        reason: "shape \(actual.shape) where \(expected.shape) was expected")
    }
    let (own, other) = (actual.elementType, expected.elementType)
    // The runtime keeps every floating-point type as float32.
    guard own == other || own.isFloatingPoint && other.isFloatingPoint else {
      return Output(
        name: name, maxAbsolute: .infinity, maxRelative: .infinity, cosine: 0, pass: false,
        reason: "\(own) where \(other) was expected")
    }
    let (a, b) = (actual.doubles, expected.doubles)
    let finite = b.filter(\.isFinite)
    let range = (finite.max() ?? 0) - (finite.min() ?? 0)
    let isExact = !expected.elementType.isFloatingPoint
    let magnitude = finite.map(abs).max() ?? 0
    // A constant output has no range; its size stands in.
    let absolute = tolerance.absolute ?? 1e-4 * (range > 0 ? range : magnitude)
    var output = Output(
      name: name, maxAbsolute: 0, maxRelative: 0, cosine: 1, pass: true, reason: nil)
    var (dot, normA, normB) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      if x == y || (x.isNaN && y.isNaN) {
        if x.isFinite { (dot, normA, normB) = (dot + x * y, normA + x * x, normB + y * y) }
        continue
      }
      let difference = abs(x - y)
      let isClose =
        !isExact && difference.isFinite && difference <= absolute + tolerance.relative * abs(y)
      if !isClose { output.pass = false }
      output.maxAbsolute = max(output.maxAbsolute, difference.isNaN ? .infinity : difference)
      output.maxRelative = max(
        output.maxRelative, difference.isNaN ? .infinity : difference / max(abs(y), 1e-30))
      (dot, normA, normB) = (dot + x * y, normA + x * x, normB + y * y)
    }
    if normA > 0 || normB > 0 {
      output.cosine = normA > 0 && normB > 0 ? dot / (normA * normB).squareRoot() : 0
    }
    if !output.pass { output.reason = "differs by up to \(output.maxAbsolute)" }
    return output
  }
}
