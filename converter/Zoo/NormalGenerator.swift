import Foundation

/// Random numbers for weights: xoshiro256++ shaped to the normal distribution by a ziggurat.
///
/// The sequence for a seed is part of what the zoo promises: it is the same on every machine.
struct NormalGenerator {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  init(seed: UInt64) {
    // SplitMix64 spreads a small seed over the state.
    var seed = seed
    func word() -> UInt64 {
      seed &+= 0x9E37_79B9_7F4A_7C15
      var z = seed
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    state = (word(), word(), word(), word())
  }

  /// A seed of its own for each name, so that one tensor's numbers do not depend on the others.
  init(seed: UInt64, name: String) {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    self.init(seed: hash ^ seed &* 0x9E37_79B9_7F4A_7C15)
  }

  /// 64 random bits.
  @inline(__always)
  mutating func bits() -> UInt64 {
    func rotated(_ x: UInt64, _ by: UInt64) -> UInt64 { x << by | x >> (64 - by) }
    let result = rotated(state.0 &+ state.3, 23) &+ state.0
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = rotated(state.3, 45)
    return result
  }

  /// Uniform in 0..<1.
  mutating func uniform() -> Float { Float(bits() >> 40) * 0x1p-24 }

  /// Uniform in a range.
  mutating func uniform(_ range: ClosedRange<Float>) -> Float {
    range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
  }

  /// Numbers of the normal distribution with mean 0.
  mutating func normals(_ count: Int, deviation: Float) -> [Float] {
    let ziggurat = Ziggurat.shared
    var values = [Float](repeating: 0, count: count)
    for index in values.indices { values[index] = ziggurat.next(&self) * deviation }
    return values
  }
}

/// Marsaglia and Tsang's ziggurat: the bell is cut into layers of equal area, and nearly every sample
/// falls into the part of its layer that is wholly under the curve.
private struct Ziggurat: Sendable {
  static let shared = Ziggurat()
  private static let layers = 256
  /// Where the bottom layer's rectangle ends and the tail begins.
  private static let tail = 3.654_152_885_361_009
  /// The area of each layer.
  private static let area = 0.004_928_673_233_992_336

  /// Half-widths of the layers, from the bottom up; the bottom's is that of a rectangle of its area.
  private let edges: [Float]
  /// Heights of the curve at the edges.
  private let heights: [Float]

  private init() {
    func height(_ x: Double) -> Double { exp(-0.5 * x * x) }
    var edges = [Self.area / height(Self.tail), Self.tail]
    while edges.count < Self.layers {
      let last = edges[edges.count - 1]
      edges.append((-2 * log(Self.area / last + height(last))).squareRoot())
    }
    edges.append(0)
    self.edges = edges.map { Float($0) }
    heights = edges.map { Float(height($0)) }
  }

  @inline(__always)
  func next(_ random: inout NormalGenerator) -> Float {
    while true {
      let bits = random.bits()
      let layer = Int(bits & 0xFF)
      // The upper 24 bits as a number in -1..<1.
      let x = Float(Int64(bitPattern: bits) >> 40) * 0x1p-23 * edges[layer]
      if abs(x) < edges[layer + 1] { return x }
      if let x = edge(layer, x, &random) { return x }
    }
  }

  /// The rare rest: the tail, and the parts of layers that the curve crosses.
  @inline(never)
  private func edge(_ layer: Int, _ x: Float, _ random: inout NormalGenerator) -> Float? {
    if layer == 0 {
      let start = Float(Self.tail)
      while true {
        let (beyond, other) = (-log(1 - random.uniform()) / start, -log(1 - random.uniform()))
        if other + other > beyond * beyond { return x < 0 ? -(start + beyond) : start + beyond }
      }
    }
    let level = heights[layer] + random.uniform() * (heights[layer + 1] - heights[layer])
    return level < exp(-0.5 * x * x) ? x : nil
  }
}
