/// Memory of the caller's for the lists of one packed weight, filled by
/// `VerifiedModel.copyStructure(ofWeight:to:)`.
@safe
public struct WeightStructure {
  public let counts: UnsafeMutableBufferPointer<UInt32>
  public let columns: UnsafeMutableBufferPointer<UInt32>
  public let stream: UnsafeMutableBufferPointer<UInt16>

  /// Takes memory for exactly `countCount`, `columnCount` and `streamCount` numbers of a weight.
  public init(
    counts: UnsafeMutableBufferPointer<UInt32>, columns: UnsafeMutableBufferPointer<UInt32>,
    stream: UnsafeMutableBufferPointer<UInt16>
  ) {
    unsafe self.counts = counts
    unsafe self.columns = columns
    unsafe self.stream = stream
  }

  /// Allocates memory for a weight's lists; `deallocate()` gives it back.
  public init(for weight: VerifiedModel.Weight) {
    unsafe counts = .allocate(capacity: weight.countCount)
    unsafe columns = .allocate(capacity: weight.columnCount)
    unsafe stream = .allocate(capacity: weight.streamCount)
  }

  public func deallocate() {
    unsafe counts.deallocate()
    unsafe columns.deallocate()
    unsafe stream.deallocate()
  }

  var countCount: Int { unsafe counts.count }
  var columnCount: Int { unsafe columns.count }
  var streamCount: Int { unsafe stream.count }

  func count(_ position: Int) -> Int {
    precondition(position >= 0 && position < countCount)
    return unsafe Int(clamping: counts[position])
  }

  func column(_ position: Int) -> Int {
    precondition(position >= 0 && position < columnCount)
    return unsafe Int(clamping: columns[position])
  }

  func streamed(_ position: Int) -> Int {
    precondition(position >= 0 && position < streamCount)
    return unsafe Int(stream[position])
  }

  /// Copies a weight's lists, widening 16-bit columns.
  func copy(from weight: VerifiedModel.Weight) {
    precondition(
      countCount == weight.countCount && columnCount == weight.columnCount
        && streamCount == weight.streamCount, "memory of another size than the weight's lists")
    _ = unsafe counts.update(from: weight.counts)
    if weight.columns32.isEmpty {
      for position in 0..<columnCount {
        unsafe columns[position] = UInt32(weight.columns16[position])
      }
    } else {
      _ = unsafe columns.update(from: weight.columns32)
    }
    _ = unsafe stream.update(from: weight.stream)
  }
}
