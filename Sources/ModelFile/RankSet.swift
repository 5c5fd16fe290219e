/// A set of numbers below a fixed bound that finds neighbours quickly: a tree of bits, 64 children a
/// node, so that no input makes it slow.
struct RankSet {
  /// The last level is one word; bit b of a level's word w says that word 64 w + b below is not zero.
  private var levels: [[UInt64]] = []

  init(bound: Int) {
    var count = bound
    repeat {
      count = (count + 63) / 64
      levels.append([UInt64](repeating: 0, count: Swift.max(count, 1)))
    } while count > 1
  }

  mutating func insert(_ number: Int) {
    var position = number
    for level in levels.indices {
      levels[level][position / 64] |= 1 << UInt64(position % 64)
      position /= 64
    }
  }

  mutating func remove(_ number: Int) {
    var position = number
    for level in levels.indices {
      levels[level][position / 64] &= ~(1 << UInt64(position % 64))
      if levels[level][position / 64] != 0 { return }
      position /= 64
    }
  }

  /// The largest member that is at most `number`.
  func last(upTo number: Int) -> Int? {
    var position = number
    for level in levels.indices {
      // Bits 0 ... position % 64; above the lowest level only the words before are of interest.
      let before: UInt64 = (1 << UInt64(position % 64)) &- 1
      let below = level == 0 ? before << 1 | 1 : before
      let word = levels[level][position / 64] & below
      if word != 0 {
        return descend(from: level, position / 64 * 64 + 63 - word.leadingZeroBitCount) {
          63 - $0.leadingZeroBitCount
        }
      }
      position /= 64
    }
    return nil
  }

  /// The smallest member above `number`.
  func first(above number: Int) -> Int? {
    var position = number
    for level in levels.indices {
      let above: UInt64 = ~1 << UInt64(position % 64)
      let word = levels[level][position / 64] & above
      if word != 0 {
        return descend(from: level, position / 64 * 64 + word.trailingZeroBitCount) {
          $0.trailingZeroBitCount
        }
      }
      position /= 64
    }
    return nil
  }

  private func descend(from level: Int, _ position: Int, _ choose: (UInt64) -> Int) -> Int {
    var position = position
    for lower in levels[..<level].indices.reversed() {
      position = position * 64 + choose(levels[lower][position])
    }
    return position
  }
}
