/// How the channels of one node's inputs, constants and outputs hang together.
///
/// An operator reads its operands' axes, relates them, and sets its outputs' axes. A constant's axis
/// takes the axis it is bound to; one that nothing was bound to gets factors of its own. Whatever an
/// operator must know about its channels after pruning it leaves as a `NodeRewrite`.
public struct ChannelMap {
  public let algebra: AxisAlgebra
  public let node: Graph.Node
  public let opset: Int
  /// What is known of each input; `nil` where left out.
  public let inputs: [OperatorInput?]
  public let outputs: [TensorType]
  /// The axes of each input; of a constant, those that are bound so far.
  public private(set) var inputAxes: [[Axis?]]
  /// The axes of each output, to be set by the operator.
  public var outputAxes: [[Axis]] = []
  public internal(set) var facts = ChannelFacts()

  public init(
    algebra: AxisAlgebra, node: Graph.Node, opset: Int, inputs: [OperatorInput?],
    inputAxes: [[Axis?]], outputs: [TensorType]
  ) {
    self.algebra = algebra
    self.node = node
    self.opset = opset
    self.inputs = inputs
    self.inputAxes = inputAxes
    self.outputs = outputs
  }

  // MARK: Operands

  func has(_ input: Int) -> Bool { input < inputs.count && inputs[input] != nil }
  func isConstant(_ input: Int) -> Bool { has(input) && inputs[input]!.constant != nil }
  func shape(_ input: Int) -> [Int] { inputs[input]!.shape }

  /// One axis of an operand.
  mutating func axis(_ input: Int, _ index: Int) -> Axis {
    if let known = inputAxes[input][index] { return known }
    let axis = algebra.fresh(shape(input)[index])
    inputAxes[input][index] = axis
    return axis
  }

  /// All axes of an operand.
  mutating func axes(_ input: Int) -> [Axis] {
    (0..<inputs[input]!.rank).map { axis(input, $0) }
  }

  /// Makes one axis of an operand agree with another axis of its size.
  mutating func bind(_ input: Int, _ index: Int, _ axis: Axis) {
    if let known = inputAxes[input][index] {
      relate(known, axis)
    } else {
      inputAxes[input][index] = axis
    }
  }

  /// Binds the axes of an operand that broadcasts to some axes; those of extent 1 stay apart.
  mutating func bindBroadcast(_ input: Int, to axes: [Axis]) {
    let shape = shape(input)
    for index in shape.indices where shape[index] != 1 {
      bind(input, index, axes[axes.count - shape.count + index])
    }
  }

  // MARK: Relations

  func relate(_ a: Axis, _ b: Axis) { algebra.relate(a, b, node: node.name) }

  func freeze(_ axes: some Sequence<Axis>, _ reason: FreezeReason) {
    for axis in axes { algebra.freeze(axis, reason) }
  }

  func freeze(_ axes: some Sequence<Axis>, _ what: String) {
    freeze(axes, .semantic(node: node.name, what))
  }

  func fresh(_ size: Int) -> Axis { algebra.fresh(size) }
  func frozen(_ size: Int, _ reason: FreezeReason) -> Axis { algebra.fresh(size, frozen: reason) }
  func frozen(_ size: Int, _ what: String) -> Axis {
    algebra.fresh(size, frozen: .semantic(node: node.name, what))
  }
  func product(_ axes: [Axis]) -> Axis { algebra.product(axes) }

  /// The parts of an axis; frozen ones where it cannot be cut there.
  func parts(of axis: Axis, _ extents: [Int]) -> [Axis] {
    var (rest, parts) = (axis, [Axis]())
    for extent in extents {
      do throws(Mismatch) {
        let (part, left) = try algebra.split(rest, at: extent)
        parts.append(part.segments.isEmpty ? fresh(0) : part)
        rest = left
      } catch {
        algebra.freeze(axis, .mismatch(node: node.name))
        return extents.map { frozen($0, .mismatch(node: node.name)) }
      }
    }
    return parts
  }

  /// Output axes of positions, frozen: from an axis of the first output on.
  func positions(from first: Int) -> [Axis] {
    outputs[0].shape.dropFirst(first).map { frozen($0, .spatial) }
  }

  // MARK: Facts

  /// Notes a sum over axes of one operand that others share.
  /// - Parameters:
  ///   - free: axes of the operands that stay in the result without being shared.
  ///   - mixed: what of the summed axes one sum runs over, where it is not all of them.
  mutating func contract(_ input: Int, _ axes: [Int], free: [Axis], mixed: [Axis]? = nil) {
    let contracted = axes.map { axis(input, $0) }
    facts.contractions.append(
      ChannelFacts.Contraction(input: input, axes: axes, contracted: contracted, free: free))
    mix(mixed ?? contracted)
  }

  /// Notes that the node takes a mean, a deviation or the like over axes of its first input.
  /// - Parameter mixed: what of those axes one statistic runs over, where it is not all of them.
  mutating func takeStatistics(over axes: [Int], mixed: [Axis]? = nil) {
    guard !isConstant(0) else {
      // Only an activation has a masked form. A constant here is a rarity: its scale is computed.
      return freeze(axes.map { axis(0, $0) }, "statistics of a constant")
    }
    facts.statisticAxes = axes
    mix(mixed ?? axes.map { axis(0, $0) })
  }

  /// Notes that elements along these axes meet in the result, which may still have the axes.
  mutating func mix(_ axes: [Axis]) { facts.mixed += axes }

  mutating func rewrite(_ rewrite: NodeRewrite) { facts.rewrites.append(rewrite) }

  // MARK: Whole maps that operators share

  /// Every output has the first input's axes.
  mutating func passThrough() {
    let axes = axes(0)
    outputAxes = outputs.map {
      $0.rank == axes.count ? axes : $0.shape.map { frozen($0, .spatial) }
    }
  }

  /// Outputs have the first input's axes, of which one is frozen.
  mutating func passThrough(freezing axis: Int, _ what: String) {
    passThrough()
    freeze([outputAxes[0][axis]], what)
    mix([outputAxes[0][axis]])
  }

  /// Elementwise over broadcast operands.
  mutating func broadcastAll() {
    let rank = outputs[0].rank
    var result = [Axis](repeating: .unit, count: rank)
    // Constants last: they take the axes of what they meet.
    let order = inputs.indices.filter { has($0) }
    for input in order.filter({ !isConstant($0) }) + order.filter(isConstant) {
      let shape = shape(input)
      for index in shape.indices where shape[index] != 1 {
        let place = rank - shape.count + index
        if result[place].segments == Axis.unit.segments {
          result[place] = axis(input, index)
        } else {
          bind(input, index, result[place])
        }
      }
    }
    outputAxes = [result]
  }

  /// Freezes everything that is not constant, and every output.
  public mutating func freezeAll(_ reason: FreezeReason) {
    for input in inputs.indices where has(input) {
      freeze(axes(input), reason)
    }
    outputAxes = outputs.map { type in type.shape.map { frozen($0, reason) } }
  }
}

/// What the pruner must know of a node beyond its axes.
public struct ChannelFacts: Sendable {
  /// A sum over axes of one operand, which the other operands share.
  public struct Contraction: Sendable {
    public var input: Int
    /// The summed axes of that operand.
    public var axes: [Int]
    public var contracted: [Axis]
    /// Axes that only one operand has.
    public var free: [Axis]
  }

  public var contractions: [Contraction] = []
  /// Axes of the first input over which statistics are taken: pruning them changes the values of
  /// what is left.
  public var statisticAxes: [Int] = []
  /// Axes along which elements meet: what is kept beside them must be the same at every index.
  public var mixed: [Axis] = []
  public var rewrites: [NodeRewrite] = []

  public init() {}
}

/// A number that follows from what is left of some axes.
public struct Extent: Sendable, Hashable {
  public var fixed: Int
  /// Axes whose kept extents are added.
  public var axes: [Axis]

  public init(fixed: Int = 0, _ axes: Axis...) {
    self.fixed = fixed
    self.axes = axes
  }
}

/// What of a node states extents, and must follow when channels go.
public enum NodeRewrite: Sendable {
  /// An integer attribute.
  case number(String, Extent)
  /// A list attribute.
  case list(String, [Extent])
  /// A vector of integers at an input.
  case vector(Int, [Extent])
  /// The bounds and steps of a slice along every axis, and the axes that the node names, in its order.
  case cuts(starts: [Extent], ends: [Extent], steps: [Int], named: [Int])
  /// The target of a reshape at input 1: entries of -1 and valid ones of 0 stay.
  case target([Extent])
  /// Indices at an input, which select pieces of an axis: what lies before each piece, and the piece.
  case selection(Int, pieces: [(before: Axis, piece: Axis)], shape: [Axis])
  /// A float attribute that the node leaves to a default which would follow the pruned extents.
  case float(String, Float)
  /// The node does nothing, and is to do nothing to fewer channels: an Identity of its first input.
  case identity
}
