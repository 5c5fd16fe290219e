/// How the elements of a tensor choose among the numbers of a parameter that is broadcast to it:
/// element `i`, in row-major order, takes number `i / inner % count`.
public struct ParameterCycle: Sendable, Hashable {
  /// Elements that follow one another and share a number.
  public let inner: Int
  /// How many numbers there are.
  public let count: Int

  public init(inner: Int, count: Int) { (self.inner, self.count) = (inner, count) }

  /// How a parameter of a shape meets a tensor that it broadcasts to; nil where its axes that are not
  /// stretched do not follow one another, so that only strides can say it.
  public init?(_ parameter: [Int], over shape: [Int]) {
    let own = Array(repeating: 1, count: shape.count - parameter.count) + parameter
    var rest = shape.count
    var (inner, count) = (1, 1)
    while rest > 0, own[rest - 1] == 1 {
      rest -= 1
      inner *= shape[rest]
    }
    while rest > 0, own[rest - 1] == shape[rest - 1] {
      rest -= 1
      count *= shape[rest]
    }
    guard own[..<rest].allSatisfy({ $0 == 1 }) else { return nil }
    (self.inner, self.count) = (inner, count)
  }
}

/// What a normalisation takes together, and how its scale and bias meet what comes of it.
public struct NormalisationPlan: Sendable, Hashable {
  /// Number of rows, each normalised by itself: `length` elements that follow one another.
  public let rows: Int
  /// Number of elements of a row.
  public let length: Int
  /// The shape of one number for each row, with an extent of 1 for each axis of a row.
  public let statistics: [Int]
  /// How scale and bias meet the elements; nil where they do so in different ways, or in one that is
  /// not a cycle: then each is broadcast by itself.
  public let parameters: ParameterCycle?

  /// Rows of the axes from `first` on, and shapes of parameters that broadcast to the whole tensor.
  public init(_ shape: [Int], from first: Int, parameters: [[Int]] = []) {
    rows = elementCount(shape[..<first])
    length = elementCount(shape[first...])
    statistics = shape[..<first] + [Int](repeating: 1, count: shape.count - first)
    let cycles = Set(parameters.map { ParameterCycle($0, over: shape) })
    self.parameters = cycles.count == 1 ? cycles.first! : nil
  }

  /// Rows of neighbouring channels `[images, groups, channels of a group, positions]`.
  /// - Precondition: the shape has at least two axes, and the groups divide the channels; without
  ///   channels there may be no groups.
  init(_ shape: [Int], groups: Int, scalesChannels: Bool) {
    let plane = elementCount(shape.dropFirst(2))
    rows = shape[0] * groups
    length = groups == 0 ? 0 : shape[1] / groups * plane
    statistics = [shape[0], groups]
    parameters =
      scalesChannels
      ? ParameterCycle(inner: plane, count: shape[1]) : ParameterCycle(inner: length, count: groups)
  }
}
