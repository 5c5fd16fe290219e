public import EspalierGraph

/// A small deterministic generator (SplitMix64); tests name its seed when they fail.
public struct Seeded {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  public mutating func next(in range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }

  public mutating func pick<Element>(_ choices: [Element]) -> Element {
    choices[next(in: 0...choices.count - 1)]
  }

  /// Uniform in -1..<1.
  public mutating func float() -> Float { Float(next() >> 40) / Float(1 << 23) - 1 }

  /// Uniform numbers of which `scale` is the largest.
  public mutating func tensor(_ shape: [Int], scale: Float = 1, around center: Float = 0) -> Tensor
  {
    Tensor((0..<shape.reduce(1, *)).map { _ in center + scale * float() }, shape: shape)
  }
}
