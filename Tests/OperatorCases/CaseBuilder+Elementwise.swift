import EspalierGraph

/// Pairs of shapes that broadcast to one another, in both directions and to a third.
private let pairedShapes: [([Int], [Int])] = [
  ([2, 3, 4], [2, 3, 4]), ([2, 3, 4], [4]), ([4], [2, 3, 4]), ([2, 3, 4], [3, 1]),
  ([2, 3, 4], []), ([], []), ([3, 1, 5], [1, 4, 1]), ([1], [2, 3]), ([2, 1, 4, 1], [3, 1, 5]),
  ([2, 6, 1, 1], [2, 6, 5, 5]), ([1, 1], [1]), ([0, 3], [3]), ([2, 0], [1, 1]), ([7, 33], [33]),
  ([2, 2, 2], [2, 1, 1]),
]

extension CaseBuilder {
  mutating func functions(_ attributes: [String: Attribute] = [:]) {
    add("three axes", [some(2, 3, 5)], attributes)
    if !attributes.isEmpty { add("defaults", [some(3, 7)]) }
    add("no axes", [some([])], attributes)
    add("one element", [some(1, 1)], attributes)
    add("no elements", [some(0, 3)], attributes)
    add("past two vectors", [some(7, 33)], attributes)
  }

  mutating func functionsOfPositives() {
    add("three axes", [positive(2, 3, 5)])
    add("no axes", [positive([])])
    add("no elements", [positive(0, 3)])
    add("past two vectors", [positive(7, 33)])
  }

  mutating func functionsAboveOne() {
    add("one", [Tensor([1], shape: [])])
    add("three axes", [Tensor(positive(2, 3, 5).floats.map { $0 + 1 }, shape: [2, 3, 5])])
    add("past two vectors", [Tensor(positive(5, 33).floats.map { $0 + 1 }, shape: [5, 33])])
  }

  mutating func clips() {
    let (low, high) = (Tensor([-0.3], shape: []), Tensor([0.4], shape: []))
    add("both bounds", [some(2, 3, 5), low, high])
    add("no bounds", [some(2, 3)])
    add("a lower bound", [some(2, 3), low])
    add("an upper bound", [some(2, 3), nil, high])
    add("bounds that cross", [some(2, 3), high, low])
    add("bounds of one axis", [some([]), Tensor([-0.3], shape: [1]), Tensor([0.4], shape: [1])])
    add("bounds as attributes", [some(3, 4)], ["min": .float(-0.2), "max": .float(0.5)], opset: 7)
    add("no elements", [some(0, 2), low, high])
    add("integers", [whole([3, 4]), scalar(-2), scalar(3)])
  }

  mutating func dropouts() {
    add("ratio and mode", [some(2, 3), Tensor([0.4], shape: []), truth([]).false])
    add("alone", [some(2, 3)])
    add("a mask", [some(2, 3)], outputs: 2)
    add("a ratio alone", [some(2, 3), Tensor([0.4], shape: [])], outputs: 2)
    add("ratio as an attribute", [some(2, 3)], ["ratio": .float(0.3)], opset: 7)
  }

  /// Bytes over their whole range, which calculations leave.
  private mutating func bytes() {
    for type in [.uint8, .int8] as [ElementType] {
      let values = (0..<12).map { Int64(truncatingIfNeeded: 37 &* UInt64($0) &+ 3) }
      add(
        "\(type) beyond its range",
        [
          Tensor(elementType: type, shape: [3, 4], integers: values), list(1, 3, 90, 100).of(type),
        ])
    }
  }

  mutating func pairs() {
    for (a, b) in pairedShapes { add("\(a) and \(b)", [some(a), some(b)]) }
    add("integers", [whole([3, 4]), whole([4])])
    bytes()
  }

  mutating func quotients() {
    for (a, b) in pairedShapes { add("\(a) and \(b)", [some(a), positive(b)]) }
    add("integers", [whole([3, 4]), whole([4])])
    bytes()
  }

  mutating func powers() {
    for (a, b) in pairedShapes { add("\(a) and \(b)", [positive(a), some(b)]) }
    add("a whole exponent", [positive(2, 3), list(2, 0, -1)])
    add("integers", [whole([3, 4]), list(2, 1, 0, 3)])
    add("integers to a real power", [whole([3, 4]), Tensor([2], shape: [])])
  }

  mutating func remainders() {
    add("real numbers", [some(2, 3, 4), positive(4)], ["fmod": .integer(1)])
    for (a, b) in pairedShapes { add("\(a) and \(b)", [whole(a), whole(b)]) }
    add("the dividend's sign", [whole([3, 4]), whole([4])], ["fmod": .integer(1)])
    add("real numbers with the divisor's sign", [some(2, 3, 4), some(3, 4)], opset: 28)
    bytes()
  }

  mutating func slopes() {
    for slope in [[4], [3, 1], [1], [], [2, 1, 1], [2, 3, 4], [1, 3, 1], [2, 1, 4]] {
      add("a slope of \(slope)", [some(2, 3, 4), some(slope)])
    }
    add("a slope for each channel", [some(2, 3, 4, 5), some(3, 1, 1)])
    add("as many channels as columns", [some(2, 4, 3, 4), some(4, 1, 1)])
    add("no elements", [some(2, 0), some(1)])
  }

  mutating func truths() {
    for (a, b) in pairedShapes { add("\(a) and \(b)", [truth(a), truth(b)]) }
  }

  mutating func negations() {
    for shape in [[2, 3, 5], [], [0, 3], [7, 33]] { add("\(shape)", [truth(shape)]) }
  }

  mutating func bits() {
    for (a, b) in pairedShapes { add("\(a) and \(b)", [whole(a), whole(b)]) }
    bytes()
  }

  mutating func turnedBits() {
    for shape in [[2, 3, 5], [], [0, 3]] { add("\(shape)", [whole(shape)]) }
    for type in [.uint8, .int8, .int32] as [ElementType] {
      add("\(type)", [Tensor(elementType: type, shape: [4], integers: [0, 1, 100, 200])])
    }
  }

  /// By fewer places than 0 and more than there are, too.
  mutating func shifts() {
    for direction in ["LEFT", "RIGHT"] {
      for type in [ElementType.int32, .int64, .int8, .uint8] {
        let values = Tensor(integers: [1, -1, 100, -128, 77, 3], shape: [2, 3])
        let places = Tensor(integers: [1, 7, 8, 31, 32, 64, 65, -1], shape: [8, 1, 1])
        add(
          "\(direction), \(type)",
          [
            Tensor(elementType: type, shape: values.shape, integers: values.integers),
            Tensor(elementType: type, shape: places.shape, integers: places.integers),
          ], ["direction": text(direction)], opset: 28)
      }
      add(
        "no elements, \(direction)", [whole([0, 2]), whole([2])], ["direction": text(direction)])
    }
  }

  mutating func joins() {
    add("two", [some(2, 3), some(2, 3)])
    add("one", [some(2, 3)])
    add("three that broadcast", [some(2, 3, 4), some(3, 1), some(4)])
    add("the first the smallest", [some(1), some(4), some(2, 3, 4)])
    add("four", [some(1, 3), some(2, 1), some([]), some(2, 3)])
    add("no elements", [some(0, 3), some(3)])
    if kind != .mean { bytes() }
  }

  mutating func choices() {
    add("one shape", [truth([2, 3]), some(2, 3), some(2, 3)])
    add("all broadcast", [truth([3, 1]), some(4), some(2, 1, 1)])
    add("a condition without axes", [truth([]), some(2, 3), some(3)])
    add("a condition that is larger", [truth([2, 3, 4]), some([]), some(1)])
    add("integers", [truth([3, 1]), whole([4]), whole([1])])
    add("truths", [truth([3, 1]), truth([4]), truth([1])])
    add("no elements", [truth([0, 1]), some(3), some(1)])
  }
}

extension Tensor {
  /// A truth of the same shape that does not hold.
  fileprivate var `false`: Tensor {
    Tensor(booleans: [Bool](repeating: false, count: count), shape: shape)
  }
}
