/// Random numbers of one mutation, all from the seed that libFuzzer gives: SplitMix64.
struct Random {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  /// 0 ..< count; 0 where there is nothing to choose from.
  mutating func below(_ count: Int) -> Int { count == 0 ? 0 : Int(next() % UInt64(count)) }
  mutating func next(in range: ClosedRange<Int>) -> Int { range.lowerBound + below(range.count) }
  mutating func oneIn(_ count: Int) -> Bool { below(count) == 0 }
  mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
}
