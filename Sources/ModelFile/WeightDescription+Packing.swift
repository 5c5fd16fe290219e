#if !hasFeature(Embedded)
/// How the caller wants a matrix packed.
public struct PackingChoice: Sendable {
  public var encoding: WeightEncoding
  /// The encoding's numbers: O I for blocks; N M V.
  public var pattern: [Int]
  /// Rows of a panel.
  public var panelHeight: Int
  /// Panels that share a list, or pairs of a band; nil for what the packing finds best.
  public var panelsPerList: Int?
  /// Columns of a block; nil for what the packing finds best.
  public var columnBlock: Int?
  /// Kernel taps per channel.
  public var taps: Int

  public init(
    _ encoding: WeightEncoding, pattern: [Int] = [], panelHeight: Int, panelsPerList: Int? = nil,
    columnBlock: Int? = nil, taps: Int = 1
  ) {
    (self.encoding, self.pattern, self.panelHeight) = (encoding, pattern, panelHeight)
    (self.panelsPerList, self.columnBlock, self.taps) = (panelsPerList, columnBlock, taps)
  }
}

extension WeightDescription {
  /// A packed matrix. Its rows, columns and groups are at least 1, and groups divide the rows.
  public init(_ matrix: DenseMatrix<Float>, in packing: WeightPacking, _ choice: PackingChoice) {
    self.init(packing: matrix, in: packing, choice)
  }

  /// The lists of a packed matrix, whose values are written when they are needed.
  /// - Parameter source: Gives the same matrix again.
  public init(
    listing matrix: DenseMatrix<Float>, in packing: WeightPacking, _ choice: PackingChoice,
    source: @escaping @Sendable () -> DenseMatrix<Float>
  ) {
    let byteCount: Int
    (self, byteCount) = Self.listed(matrix, in: packing, choice)
    let lists = self
    values = unsafe ValueBytes(byteCount: byteCount) { target in
      unsafe packing.write(source(), as: lists, into: target)
    }
  }

  /// The dense matrix that was packed: slow, obvious, and what every test compares with.
  /// - Returns: Nil where lists and values do not fit together, or values are left over.
  public func unpacked() -> DenseMatrix<Float>? { unpacked(as: Float.self) }

  /// As for float32, of any element type.
  init<Element>(
    packing matrix: DenseMatrix<Element>, in packing: WeightPacking, _ choice: PackingChoice
  ) {
    let byteCount: Int
    (self, byteCount) = Self.listed(matrix, in: packing, choice)
    let size = MemoryLayout<Element>.stride
    let target = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
    defer { unsafe target.deallocate() }
    unsafe packing.write(matrix, as: self, into: target)
    precondition(byteCount % size == 0)
    values = unsafe .bytes(Array(target))
  }

  /// As for float32, of any element type.
  func unpacked<Element>(as type: Element.Type) -> DenseMatrix<Element>? {
    guard element == Element.code, rows > 0, columns > 0, groups > 0 else { return nil }
    var matrix = DenseMatrix<Element>(
      rows: rows, columns: columns, groups: groups,
      values: Array(repeating: .zero, count: rows * columns))
    var values = PackedValues<Element>(self.values)
    guard packing.unpack(self, &values, into: &matrix), values.isAtEnd else { return nil }
    return matrix
  }

  private static func listed<Element>(
    _ matrix: DenseMatrix<Element>, in packing: WeightPacking, _ choice: PackingChoice
  ) -> (lists: WeightDescription, byteCount: Int) {
    var weight = WeightDescription(
      encoding: choice.encoding, packing: packing, rows: matrix.rows, columns: matrix.columns,
      groups: matrix.groups, panelHeight: choice.panelHeight, panelsPerList: 1,
      pattern: choice.pattern, nonzeroCount: UInt64(matrix.nonzeroCount), element: Element.code,
      values: .bytes([]))
    let byteCount = packing.list(matrix, choice, in: &weight)
    return (weight, byteCount)
  }
}

/// Values of a packed weight, read from first to last.
struct PackedValues<Element: PackedElement> {
  private let bytes: [UInt8]
  private var place = 0

  init(_ values: ValueBytes) { bytes = values.array(of: UInt8.self) }

  var isAtEnd: Bool { place == bytes.count }

  /// The next number; nil behind the last.
  mutating func next() -> Element? { read() }
  /// The next 32 bits; nil behind the last.
  mutating func nextWord() -> UInt32? { read() }

  private mutating func read<Number: BitwiseCopyable>() -> Number? {
    let size = MemoryLayout<Number>.size
    guard bytes.count - place >= size else { return nil }
    defer { place += size }
    return unsafe bytes.withUnsafeBytes {
      unsafe $0.loadUnaligned(fromByteOffset: place, as: Number.self)
    }
  }
}
#endif
