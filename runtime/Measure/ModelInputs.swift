public import EspalierExecutor

/// One value for each input of a model, set again before each run.
public struct ModelInputs: Sendable {
  private var values: [[UInt8]]

  /// Made-up inputs: float32 in -1 ..< 1 from a fixed seed, integers 0, booleans true.
  ///
  /// Zero is the one index that is valid along every axis that is not empty.
  public init(placeholdersFor model: borrowing Model, seed: UInt64 = 1) {
    var state = seed | 1
    values = []
    for position in 0..<model.inputs.count {
      let info = model.inputs[position]
      var bytes = [UInt8](repeating: info.code == 9 ? 1 : 0, count: info.byteCount)
      if info.code == 1 {
        unsafe bytes.withUnsafeMutableBytes { buffer in
          for index in 0..<info.count {
            let value = Self.next(&state)
            unsafe buffer.storeBytes(of: value, toByteOffset: index * 4, as: Float.self)
          }
        }
      }
      values.append(bytes)
    }
  }

  /// Replaces one input. `bytes` is exactly the tensor, row-major.
  public mutating func set(_ position: Int, to bytes: [UInt8]) {
    precondition(bytes.count == values[position].count, "the input has another size")
    values[position] = bytes
  }

  /// Copies every input into a session.
  public func set(in session: inout Session) {
    for position in values.indices {
      unsafe values[position].withUnsafeBytes { unsafe session.setInput(position, from: $0) }
    }
  }

  private static func next(_ state: inout UInt64) -> Float {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
  }
}
