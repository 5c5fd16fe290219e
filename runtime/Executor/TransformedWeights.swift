internal import CEspalierKernels
internal import EspalierModelFile

/// What Winograd's transforms make of weights: once when a model is loaded, for all its sessions.
@safe
struct TransformedWeights: ~Copyable {
  /// Nil where no step runs such a weight, or nothing was made.
  private let memory: Allocation?
  let byteCount: Int

  /// Transforms those weights of a file that convolutions read by Winograd's kernels, and tells each where
  /// that lies.
  ///
  /// - Parameters:
  ///   - weights: All weights of the file, validated.
  ///   - isMade: Whether to make them, or only to learn their size and hold it to the limit.
  /// - Throws: `overLimit` with the weight's number where it and those before it are more than the limit.
  init(
    _ weights: inout [esp_weight], of file: VerifiedModel, isMade: Bool
  ) throws(ExecutorError) {
    let numbers = Self.numbers(file)
    let size = try unsafe Self.size(of: numbers, weights, limit: file.limits.transformedBytes)
    memory = isMade && size > 0 ? try unsafe Self.made(&weights, numbers, size) : nil
    byteCount = size
  }

  private static func size(
    of numbers: [Int], _ weights: [esp_weight], limit: UInt64
  ) throws(ExecutorError) -> Int {
    var layout = unsafe Places(base: nil)
    for number in numbers {
      _ = unsafe layout.take(try byteCount(of: weights[number], number))
      guard !layout.hasOverflown, UInt64(layout.count) <= limit else {
        throw .file(
          ModelFileError(
            .overLimit, at: .weight(number),
            "weights transformed for Winograd need more memory than the limit"))
      }
    }
    return layout.count
  }

  private static func made(
    _ weights: inout [esp_weight], _ numbers: [Int], _ size: Int
  ) throws(ExecutorError) -> Allocation {
    guard let memory = Allocation(count: size) else { throw .outOfMemory(bytes: size) }
    var places = unsafe Places(base: memory.base)
    for number in numbers {
      let own = try unsafe byteCount(of: weights[number], number)
      guard let place = unsafe places.take(own) else { throw .outOfMemory(bytes: size) }
      let floats = unsafe place.bindMemory(
        to: Float.self, capacity: own / MemoryLayout<Float>.stride)
      // Every instruction set makes the same numbers, so that a session may take another.
      unsafe esp_transform_weight(&weights[number], InstructionSet.best.code, floats)
      unsafe weights[number].transformed = UnsafePointer(floats)
    }
    return memory
  }

  /// Weights in one of Winograd's packings that a convolution reads, in order.
  private static func numbers(_ file: VerifiedModel) -> [Int] {
    var isRead = [Bool](repeating: false, count: file.weightCount)
    for index in 0..<file.stepCount {
      let step = file.step(index)
      guard step.kind == .convolution, let number = step.weight else { continue }
      isRead[number] = file.weight(number).packing?.winogradTile != nil
    }
    return isRead.indices.filter { isRead[$0] }
  }

  /// Bytes that a weight becomes, of the same numbers that its kernel will go by.
  private static func byteCount(
    of weight: esp_weight, _ number: Int
  ) throws(ExecutorError) -> Int {
    let (packing, rows, columns) = unsafe (weight.packing, weight.rows, weight.columns)
    let size = WeightPacking(rawValue: UInt8(truncatingIfNeeded: packing.rawValue))?
      .transformedCount(rows: Int(rows), columns: Int(columns))?
      .multipliedReportingOverflow(by: MemoryLayout<Float>.stride)
    guard let size, !size.overflow else {
      throw .file(
        ModelFileError(
          .overLimit, at: .weight(number), "a weight transformed for Winograd overflows"))
    }
    return size.partialValue
  }
}
