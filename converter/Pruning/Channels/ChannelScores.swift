public import EspalierCoupling
public import EspalierGraph

/// How much each channel of each group matters; channels that matter least go first.
public struct ChannelScores: Sendable {
  /// For each group of a coupling, a list of scores by index; one list for each index of the partner
  /// where the group keeps lists of its own, else one list.
  public var values: [[[Double]]]

  public init(values: [[[Double]]]) { self.values = values }
}

/// How the sums of a channel's slices, one for each tensor that carries it, become one number.
public enum ScoreAggregation: String, Sendable, CaseIterable {
  case sum, mean, max, l2

  func join(_ values: [Double]) -> Double {
    switch self {
    case .sum: values.reduce(0, +)
    case .mean: values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count)
    case .max: values.max() ?? 0
    case .l2: values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    }
  }
}

/// What the scores of a group are divided by before groups compete.
///
/// The sum makes wide groups cheap (their mean share is one over their size); the mean does not.
/// Lamp divides each squared score by the sum of those not below it (layer-adaptive magnitude).
public enum ScoreNormalisation: String, Sendable, CaseIterable {
  case none, sum, mean, max, lamp

  func apply(_ scores: [Double]) -> [Double] {
    let divisor: Double
    switch self {
    case .none: return scores
    case .lamp: return lamp(scores)
    case .sum: divisor = scores.reduce(0, +)
    case .mean: divisor = scores.reduce(0, +) / Double(scores.count)
    case .max: divisor = scores.max() ?? 0
    }
    // All zero: every channel is as worthless as any other.
    return divisor > 0 ? scores.map { $0 / divisor } : scores
  }

  private func lamp(_ scores: [Double]) -> [Double] {
    let order = scores.indices.sorted { (scores[$0], $0) > (scores[$1], $1) }
    var result = scores
    var sum = 0.0
    for index in order {
      let square = scores[index] * scores[index]
      sum += square
      result[index] = sum > 0 ? square / sum : 0
    }
    return result
  }
}

extension ChannelScores {
  /// Scores from scores of single weights.
  ///
  /// `S = AGG over member tensors (sum of the elements in the channel's slice)`, as in SPA.
  /// - Parameter elements: the scores of a constant's elements, row-major; `nil` for constants that
  ///   do not count.
  public init(
    _ coupling: Coupling, aggregation: ScoreAggregation,
    elements: (Coupling.ConstantUse, Tensor) -> [Double]?
  ) {
    var slices: [[[[Double]]]] = coupling.groups.map { _ in [] }
    var counted: Set<CountedUse> = []
    for use in coupling.uses {
      let tensor = coupling.graph.constants[use.value]!
      let axes = use.axes.map(coupling.algebra.normal)
      guard tensor.elementType.isFloatingPoint,
        axes.contains(where: {
          coupling.algebra.leaves($0).contains { coupling.group(of: $0) != nil }
        }),
        // A shared weight is one weight.
        counted.insert(CountedUse(value: use.value, axes: axes)).inserted,
        let elements = elements(use, tensor)
      else { continue }
      let sums = SliceSums(coupling, axes, tensor.shape, elements)
      for (axis, factors) in axes.enumerated() {
        for leaf in coupling.algebra.leaves(factors) {
          guard let group = coupling.group(of: leaf) else { continue }
          slices[group].append(sums.lists(of: coupling.groups[group], along: axis))
        }
      }
    }
    values = zip(coupling.groups, slices).map { group, members in
      let lists = group.partner.map(coupling.algebra.size) ?? 1
      return (0..<lists).map { list in
        (0..<group.size).map { index in aggregation.join(members.map { $0[list][index] }) }
      }
    }
  }

  private struct CountedUse: Hashable {
    var value: Graph.ValueID
    var axes: [Axis]
  }
}

/// Sums of a tensor's elements over everything but a channel's index.
private struct SliceSums {
  let coupling: Coupling
  let layouts: [AxisLayout]
  let shape: [Int]
  let elements: [Double]

  init(_ coupling: Coupling, _ axes: [Axis], _ shape: [Int], _ elements: [Double]) {
    self.coupling = coupling
    layouts = axes.map(coupling.algebra.layout)
    (self.shape, self.elements) = (shape, elements)
  }

  /// The sums for each list of a group along one axis.
  func lists(of group: ChannelGroup, along axis: Int) -> [[Double]] {
    let lists = group.partner.map(coupling.algebra.size) ?? 1
    var result = [[Double]](repeating: [Double](repeating: 0, count: group.size), count: lists)
    guard let partner = group.partner else {
      let sums = sums(over: [axis])
      for place in layouts[axis].places(of: group.leaf) {
        result[0][place.index] += sums[place.position]
      }
      return result
    }
    let own = layouts[axis].places(of: group.leaf, partner: partner)
    if own.contains(where: { $0.partner != nil }) {
      let sums = sums(over: [axis])
      for place in own { result[place.partner!][place.index] += sums[place.position] }
      return result
    }
    // The partner lies on another axis.
    let other = layouts.indices.first { index in
      index != axis && layouts[index].boxes.contains { $0.digits.contains { $0.leaf == partner } }
    }!
    let sums = sums(over: [other, axis])
    for outer in layouts[other].places(of: partner) {
      for place in own {
        result[outer.index][place.index] += sums[outer.position * shape[axis] + place.position]
      }
    }
    return result
  }

  /// Sums over all but the named axes, row-major in the order given.
  private func sums(over axes: [Int]) -> [Double] {
    let resultStrides = strides(of: axes.map { shape[$0] })
    let strides = strides(of: shape)
    var result = [Double](repeating: 0, count: axes.reduce(1) { $0 * shape[$1] })
    if axes.count == 1 {
      // Runs behind the axis are contiguous.
      let (extent, run) = (shape[axes[0]], strides[axes[0]])
      for start in stride(from: 0, to: elements.count, by: run) {
        var sum = 0.0
        for value in elements[start..<start + run] { sum += value }
        result[start / run % extent] += sum
      }
      return result
    }
    for (flat, value) in elements.enumerated() {
      var place = 0
      for (axis, stride) in zip(axes, resultStrides) {
        place += flat / strides[axis] % shape[axis] * stride
      }
      result[place] += value
    }
    return result
  }
}
