/// Which weights go together: the shape of the zeros that pruning makes.
///
/// Rows are output channels and columns input channels, of one group and at one kernel tap.
public enum PruningPattern: Sendable, Hashable, CustomStringConvertible {
  /// Each weight by itself.
  case unstructured
  /// Blocks of rows by columns; the last blocks of an edge are smaller.
  case block(rows: Int, columns: Int)
  /// In each run of `of` consecutive columns at most `kept` weights are not zero, row by row.
  case strict(kept: Int, of: Int)
  /// As `strict`, but `rows` consecutive rows keep the same columns.
  case vector(rows: Int, kept: Int, of: Int)

  /// The forms that `init(parsing:)` reads.
  public static let forms = "unstructured, block:OxI, nm:N:M, vnm:V:N:M"
  private static let largestExtent = 4096
  private static let largestRun = 64

  /// Reads a pattern as the command writes it, such as `block:16x8`, `nm:2:4` or `vnm:8:2:4`.
  /// - Throws: `PruningError` with code `.badPattern`.
  public init(parsing text: String) throws(PruningError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    switch (parts[0], parts.count) {
    case ("unstructured", 1):
      self = .unstructured
    case ("block", 2):
      let sides = parts[1].split(separator: "x", omittingEmptySubsequences: false)
      guard sides.count == 2 else { throw Self.error(text) }
      self = .block(
        rows: try Self.number(sides[0], text), columns: try Self.number(sides[1], text))
    case ("nm", 3):
      let (kept, run) = (try Self.number(parts[1], text), try Self.number(parts[2], text))
      self = .strict(kept: kept, of: run)
    case ("vnm", 4):
      let (kept, run) = (try Self.number(parts[2], text), try Self.number(parts[3], text))
      self = .vector(rows: try Self.number(parts[1], text), kept: kept, of: run)
    default:
      throw Self.error(text)
    }
    if let run, run.kept >= run.of || run.of > Self.largestRun {
      throw PruningError(
        .badPattern,
        "pattern \"\(text)\" must keep fewer weights than a run has, of at most \(Self.largestRun)")
    }
  }

  /// The text that `init(parsing:)` reads as this pattern.
  public var description: String {
    switch self {
    case .unstructured: "unstructured"
    case .block(let rows, let columns): "block:\(rows)x\(columns)"
    case .strict(let kept, let run): "nm:\(kept):\(run)"
    case .vector(let rows, let kept, let run): "vnm:\(rows):\(kept):\(run)"
    }
  }

  /// The sparsity that the pattern itself fixes; `nil` where it is free.
  public var impliedSparsity: Double? { run.map { 1 - Double($0.kept) / Double($0.of) } }

  /// How many weights of a run of columns are kept, for the patterns that fix it.
  var run: (kept: Int, of: Int)? {
    switch self {
    case .unstructured, .block: nil
    case .strict(let kept, let run), .vector(_, let kept, let run): (kept, run)
    }
  }

  private static func number(_ digits: Substring, _ text: String) throws(PruningError) -> Int {
    guard let value = Int(digits), digits.allSatisfy(\.isNumber),
      (1...largestExtent).contains(value)
    else { throw error(text) }
    return value
  }

  private static func error(_ text: String) -> PruningError {
    PruningError(
      .badPattern,
      "pattern \"\(text)\" is none of \(forms), with whole numbers from 1 to \(largestExtent)")
  }
}
