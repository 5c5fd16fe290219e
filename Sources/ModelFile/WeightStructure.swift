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
    _ = unsafe counts.update(fromContentsOf: weight.counts.buffer)
    if weight.columns32.isEmpty {
      let narrow = unsafe weight.columns16.buffer
      for position in 0..<columnCount { unsafe columns[position] = UInt32(narrow[position]) }
    } else {
      _ = unsafe columns.update(fromContentsOf: weight.columns32.buffer)
    }
    _ = unsafe stream.update(fromContentsOf: weight.stream.buffer)
  }

  /// Whether column numbers strictly increase and stay below a bound.
  func isIncreasing(_ range: Range<Int>, below bound: Int) -> Bool {
    guard let last = range.last else { return true }
    precondition(range.lowerBound >= 0 && last < columnCount)
    var faults: UInt32 = 0
    for position in range.lowerBound..<last {
      // No early exit, so that many are compared at once.
      faults |= unsafe columns[position] < columns[position + 1] ? 0 : 1
    }
    return unsafe faults == 0 && Int(clamping: columns[last]) < bound
  }

  /// Whether all numbers in a range of the stream stay below a bound.
  func isStreamBelow(_ bound: Int, in range: Range<Int>) -> Bool {
    precondition(range.lowerBound >= 0 && range.upperBound <= streamCount)
    // No early exit: this is the longest loop of loading a model, and must stay wide.
    var largest: UInt16 = 0
    for position in range { largest = unsafe Swift.max(largest, stream[position]) }
    return range.isEmpty || Int(largest) < bound
  }

  /// Whether numbers of the stream strictly increase and stay below a bound.
  func isStreamIncreasing(_ range: Range<Int>, below bound: Int) -> Bool {
    guard let last = range.last else { return true }
    precondition(range.lowerBound >= 0 && last < streamCount)
    var faults: UInt16 = 0
    for position in range.lowerBound..<last {
      // No early exit: this is among the longest loops of loading a model, and must stay wide.
      faults |= unsafe stream[position] < stream[position + 1] ? 0 : 1
    }
    return unsafe faults == 0 && Int(stream[last]) < bound
  }

  /// Whether no number stands twice in a range of the stream.
  /// - Parameter stamps: One for each number that the range can hold: they have been checked to stay
  ///   below its count. Any content.
  func isStreamDistinct(_ range: Range<Int>, _ stamps: UnsafeMutableBufferPointer<UInt32>) -> Bool {
    precondition(range.lowerBound >= 0 && range.upperBound <= streamCount)
    // The second of two equal numbers overwrites the stamp of the first.
    for position in range {
      unsafe stamps[Int(stream[position])] = UInt32(truncatingIfNeeded: position)
    }
    var faults: UInt32 = 0
    for position in range {
      faults |= unsafe stamps[Int(stream[position])] ^ UInt32(truncatingIfNeeded: position)
    }
    return faults == 0
  }
}
