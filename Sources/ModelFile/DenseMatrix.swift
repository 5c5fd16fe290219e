#if !hasFeature(Embedded)
/// A number that packed weights can hold. Packings move numbers and ask which are zero, so that a new
/// element type is a conformance.
public protocol PackedElement: BitwiseCopyable, Equatable, Sendable {
  static var zero: Self { get }
  static var code: ElementCode { get }
}

extension Float: PackedElement {
  public static var code: ElementCode { .f32 }
}

extension Int8: PackedElement {
  public static var code: ElementCode { .i8 }
}

/// A weight before it is packed and after it is unpacked, row by row: the rows of all groups, the
/// columns of one. Columns are (channel * taps + tap).
public struct DenseMatrix<Element: PackedElement>: Sendable, Equatable {
  public let rows, columns, groups: Int
  /// `rows * columns` numbers.
  public var values: [Element]

  public init(rows: Int, columns: Int, groups: Int = 1, values: [Element]) {
    precondition(values.count == rows * columns, "values do not fill the matrix")
    (self.rows, self.columns, self.groups) = (rows, columns, groups)
    self.values = values
  }

  public var rowsPerGroup: Int { rows / groups }

  public subscript(row: Int, column: Int) -> Element {
    get { values[row * columns + column] }
    set { values[row * columns + column] = newValue }
  }

  func isZero(_ row: Int, _ column: Int) -> Bool { values[row * columns + column] == .zero }

  /// The rows of each panel, group by group; a group's last panel may have fewer.
  func panels(height: Int) -> [Range<Int>] {
    (0..<groups).flatMap { group in
      stride(from: 0, to: rowsPerGroup, by: height).map { start in
        let first = group * rowsPerGroup + start
        return first..<first + min(height, rowsPerGroup - start)
      }
    }
  }
}

extension DenseMatrix where Element == Float {
  /// Apart from the general one, which other modules could only call unspecialised: that takes a third of
  /// a conversion's time.
  public var nonzeroCount: Int { values.nonzeroCount }
}

extension DenseMatrix {
  var nonzeroCount: Int { values.nonzeroCount }
}

extension Array where Element: PackedElement {
  fileprivate var nonzeroCount: Int {
    // No early exit, so that many are compared at once.
    var count = 0
    for value in self { count += value == .zero ? 0 : 1 }
    return count
  }
}
#endif
