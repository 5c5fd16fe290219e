/// Blocks to rank: one list for each layer.
struct RankedBlocks: Sendable {
  /// Magnitudes as ordered bits; `protected` is never chosen.
  var keys: [UInt32]
  /// Elements of each block, or of all alike.
  var sizes: [Int]
  var uniformSize: Int?

  /// Above the bits of every finite or infinite magnitude.
  static let protected = UInt32.max

  init(_ grid: BlockGrid, _ values: [Float], _ criterion: MagnitudeCriterion) {
    keys = grid.keys(values, criterion)
    uniformSize = grid.uniformSize
    sizes = uniformSize == nil ? grid.sizes() : []
    // A layer without any weight would cut the network in two.
    var best = 0
    for index in keys.indices where keys[index] > keys[best] { best = index }
    keys[best] = Self.protected
  }

  func size(_ block: Int) -> Int { uniformSize ?? sizes[block] }
}

/// Chooses the smallest blocks of several layers together, in linear time.
///
/// Two passes of counting find the magnitude at which to cut: by the upper half of its bits, then by
/// the lower. Of equal magnitudes the later is chosen first.
enum Ranking {
  /// For each layer, which blocks are chosen so that their elements are nearest to a target count.
  static func lowest(_ layers: [RankedBlocks], elements target: Int) -> [[Bool]] {
    var before = 0
    guard let upper = cut(layers, target, &before, digit: { $0 >> 16 }) else {
      return layers.map { $0.keys.map { $0 != RankedBlocks.protected } }
    }
    let lower = cut(layers, target, &before) { $0 >> 16 == upper ? $0 & 0xFFFF : nil }!
    let threshold = upper << 16 | lower
    var chosen = layers.map { $0.keys.map { $0 < threshold } }
    for layer in layers.indices.reversed() {
      for block in layers[layer].keys.indices.reversed()
      where layers[layer].keys[block] == threshold {
        let size = layers[layer].size(block)
        guard 2 * (target - before) > size else { return chosen }
        chosen[layer][block] = true
        before += size
      }
    }
    return chosen
  }

  /// The digit at which the elements counted up to and including it exceed the target.
  /// - Parameter before: Grows by the elements below that digit.
  private static func cut(
    _ layers: [RankedBlocks], _ target: Int, _ before: inout Int, digit: (UInt32) -> UInt32?
  ) -> UInt32? {
    var elements = [Int](repeating: 0, count: 1 << 16)
    for layer in layers {
      for (block, key) in layer.keys.enumerated() where key != RankedBlocks.protected {
        if let digit = digit(key) { elements[Int(digit)] += layer.size(block) }
      }
    }
    for (digit, count) in elements.enumerated() {
      if before + count > target { return UInt32(digit) }
      before += count
    }
    return nil
  }
}
