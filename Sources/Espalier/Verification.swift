package import EspalierGraph

/// How closely two results must agree: `|a - b| <= atol + rtol * |b|`; integers and Booleans exactly, but
/// that bytes, which are rounded to, may be one apart where no absolute tolerance is given.
public struct Tolerance: Sendable {
  public var relative: Double
  /// nil for a share of the reference output's range that the rounding on the way to it asks for: 1e-4, where
  /// a value is rounded to float16 4 of its 2^-10, to bfloat16 4 of its 2^-7. Behind an operator that has a
  /// range of its own, such as Sigmoid's from 0 to 1, no range counts as less than a hundredth of that,
  /// since what is tiny there was rounded as a part of it: 1e-4 of the hundredth is 8 roundings of float32.
  public var absolute: Double?

  public init(relative: Double = 1e-3, absolute: Double? = nil) {
    self.relative = relative
    self.absolute = absolute
  }

  /// What may differ in an output whose values lie within a range of this length.
  /// - Parameters:
  ///   - type: The output's.
  ///   - rounding: The coarsest type that values on the way to it are rounded to; its own, if nothing is
  ///     known of the way.
  func absolute(in type: ElementType, rounding: ElementType, range: Double) -> Double {
    if let absolute { return absolute }
    return switch (type, rounding) {
    case (.int8, _), (.uint8, _): 1
    case (.bfloat16, _), (_, .bfloat16): 4.0 / 128 * range
    case (.float16, _), (_, .float16): 4.0 / 1024 * range
    default: 1e-4 * range
    }
  }
}

/// The comparison of a model's outputs with a reference's: `espalier verify`.
public struct Verification: Sendable, Encodable {
  public var schema = "espalier.verify/1"
  public var pass: Bool
  public var outputs: [Output]
  /// Where the first difference beyond rounding arises; nil where none was looked for or found.
  public var firstDifference: FirstDifference?
  /// What of the models takes from what the comparison says.
  public var warnings: [String] = []

  private enum CodingKeys: String, CodingKey {
    case schema, pass, outputs, warnings
    case firstDifference = "first_difference"
  }

  /// One output.
  public struct Output: Sendable, Encodable {
    public var name: String
    /// Largest absolute difference.
    public var maxAbsolute: Double
    /// Largest difference as a share of the expected value.
    public var maxRelative: Double
    /// Largest difference as a share of the range of the expected values, of their size where they are
    /// all alike; of no less than a hundredth of the range that their operator has.
    public var maxOfRange: Double
    /// The absolute tolerance as such a share.
    public var allowedOfRange: Double
    /// Cosine similarity; 1 where both are zero.
    public var cosine: Double
    public var pass: Bool
    /// What differs.
    public var reason: String?
    /// What is to be known of an output that agrees, such as NaN at the same places.
    public var note: String?
    /// Whether no value was compared with a number.
    var isAllNaN = false

    private enum CodingKeys: String, CodingKey {
      case name, cosine, pass, reason, note
      case maxAbsolute = "max_abs"
      case maxRelative = "max_rel"
      case maxOfRange = "max_of_range"
      case allowedOfRange = "allowed_of_range"
    }
  }

  /// Compares results by output name; every output of the reference must be there.
  /// - Parameters:
  ///   - rounding: For each output the coarsest type that is rounded to on the way to it, where that is
  ///     known.
  ///   - knownRanges: For each output the length of the range that its values have whatever the model
  ///     reads, where there is one.
  package init(
    _ results: [String: Tensor], against reference: [(name: String, tensor: Tensor)],
    tolerance: Tolerance, rounding: [String: ElementType] = [:], knownRanges: [String: Double] = [:]
  ) {
    outputs = reference.map { name, expected in
      guard let actual = results[name] else {
        return Output(differing: name, "is missing")
      }
      return Output(
        name, actual, expected, tolerance,
        rounding: rounding[name] ?? expected.elementType, knownRange: knownRanges[name])
    }
    pass = outputs.allSatisfy(\.pass) && !outputs.isEmpty
  }
}

extension Verification.Output {
  /// An output that cannot be compared.
  fileprivate init(differing name: String, _ reason: String) {
    self.init(
      name: name, maxAbsolute: .infinity, maxRelative: .infinity, maxOfRange: .infinity,
      allowedOfRange: 0, cosine: 0, pass: false, reason: reason)
  }

  /// The least share of the range that an operator's values have whatever it reads which counts as range.
  private static let leastOfKnownRange = 0.01

  /// Compares two values.
  /// - Parameter knownRange: The length of such a range, where there is one.
  init(
    _ name: String, _ actual: Tensor, _ expected: Tensor, _ tolerance: Tolerance,
    rounding: ElementType, knownRange: Double?
  ) {
    guard actual.shape == expected.shape else {
      self.init(
        differing: name, "has shape \(actual.shape) where \(expected.shape) was expected")
      return
    }
    let (own, other) = (actual.elementType, expected.elementType)
    // The runtime keeps every floating-point type as float32.
    guard own == other || own.isFloatingPoint && other.isFloatingPoint else {
      self.init(differing: name, "is \(own) where \(other) was expected")
      return
    }
    let (a, b) = (actual.doubles, expected.doubles)
    let finite = b.filter(\.isFinite)
    let range = (finite.max() ?? 0) - (finite.min() ?? 0)
    let isByte = other == .int8 || other == .uint8
    let isExact = !other.isFloatingPoint && !(isByte && tolerance.absolute == nil)
    // A constant output has no range; its size stands in.
    let size = max(
      range > 0 ? range : finite.map(abs).max() ?? 0, (knownRange ?? 0) * Self.leastOfKnownRange)
    let absolute = isExact ? 0 : tolerance.absolute(in: other, rounding: rounding, range: size)
    self.init(
      name: name, maxAbsolute: 0, maxRelative: 0, maxOfRange: 0,
      allowedOfRange: size > 0 ? absolute / size : 0, cosine: 1, pass: true)
    var (dot, normA, normB) = (0.0, 0.0, 0.0)
    var (sameNaN, otherNaN) = (0, 0)
    for (x, y) in zip(a, b) {
      if x.isNaN || y.isNaN {
        if x.isNaN && y.isNaN { sameNaN += 1 } else { otherNaN += 1 }
        continue
      }
      if x == y {
        if x.isFinite { (dot, normA, normB) = (dot + x * y, normA + x * x, normB + y * y) }
        continue
      }
      let difference = abs(x - y)
      let isClose =
        !isExact && difference.isFinite
        && difference <= absolute + (isByte ? 0 : tolerance.relative * abs(y))
      if !isClose { pass = false }
      maxAbsolute = max(maxAbsolute, difference)
      maxRelative = max(maxRelative, difference / max(abs(y), 1e-30))
      (dot, normA, normB) = (dot + x * y, normA + x * x, normB + y * y)
    }
    maxOfRange = maxAbsolute == 0 ? 0 : size > 0 ? maxAbsolute / size : .infinity
    if normA > 0 || normB > 0 {
      cosine = normA > 0 && normB > 0 ? dot / (normA * normB).squareRoot() : 0
    }
    var reasons: [String] = []
    if !pass {
      reasons.append("differs by up to \(maxAbsolute), \(Float(maxOfRange)) of its range")
    }
    if otherNaN > 0 {
      pass = false
      (maxAbsolute, maxRelative, maxOfRange) = (.infinity, .infinity, .infinity)
      reasons.append("is NaN on one side alone in \(otherNaN) of \(b.count) values")
    }
    reason = reasons.isEmpty ? nil : reasons.joined(separator: ", and ")
    if sameNaN > 0 { note = "\(sameNaN) of \(b.count) values are NaN on both sides" }
    isAllNaN = sameNaN > 0 && sameNaN == b.count
  }
}

extension Verification {
  /// Fails for outputs of which every value is NaN in both: inputs of our own making have shown nothing.
  mutating func failWhereAllIsNaN() {
    for place in outputs.indices where outputs[place].pass && outputs[place].isAllNaN {
      outputs[place].pass = false
      outputs[place].reason = "is NaN everywhere on both sides, so that nothing was compared"
    }
    pass = pass && outputs.allSatisfy(\.pass)
  }

  /// The verification of several runs as one.
  func joined(with other: Verification) -> Verification {
    var result = self
    result.outputs += other.outputs
    result.pass = pass && other.pass
    result.firstDifference = firstDifference ?? other.firstDifference
    for warning in other.warnings where !warnings.contains(warning) {
      result.warnings.append(warning)
    }
    return result
  }
}
