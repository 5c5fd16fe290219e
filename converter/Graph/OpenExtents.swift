/// What of a graph follows extents that the file leaves free: a batch, a length.
///
/// A graph is specialised at one set of extents, and shape arithmetic becomes constants there. Those
/// that differ at other extents hold at the assumed ones alone. Operators and coupling read them as
/// constants; whoever writes the graph again puts back the nodes that compute them.
public struct OpenExtents: Sendable {
  /// A node whose results are constants at the assumed extents alone.
  public struct Step: Sendable {
    /// How many nodes of the graph stand before it.
    public var place: Int
    public var node: Graph.Node
    public var operation: any Operator
  }

  /// In topological order.
  public internal(set) var steps: [Step] = []
  /// The constants that those nodes read and that hold at any extents.
  public internal(set) var constants: [Graph.ValueID: Tensor] = [:]
  /// For each constant that holds at the assumed extents alone, which of its elements do.
  public internal(set) var elements: [Graph.ValueID: [Bool]] = [:]
  /// For each value with such axes, which of its axes follow free extents.
  public internal(set) var axes: [Graph.ValueID: [Bool]] = [:]
  /// Nodes of the graph that stay although all their inputs are constants, by their number.
  public internal(set) var computed: Set<Int> = []
  /// The graph at other extents.
  public internal(set) var others: [Other] = []
  /// Axes that the file leaves free and its own nodes do not.
  public internal(set) var fixed: [FixedExtent] = []

  /// Other shapes of the inputs at which the graph fits together, the outputs' shapes there, as far as they
  /// are known, and the values of what is a constant at the assumed extents alone.
  public struct Other: Sendable {
    public var inputs: [String: [Int]]
    public var outputs: [[Int]?]
    public var constants: [Graph.ValueID: Tensor]
  }

  public func isOpen(_ value: Graph.ValueID) -> Bool { elements[value] != nil }

  /// Whether an axis of a value follows a free extent.
  public func isOpen(_ value: Graph.ValueID, axis: Int) -> Bool { axes[value]?[axis] ?? false }
}

/// A free extent that was written as the one that was assumed, and the node that forced it.
public struct FixedExtent: Sendable, Hashable, Encodable, CustomStringConvertible {
  /// The free axes, as `input.axis`.
  public var axes: [String]
  public var node: String
  public var reason: String

  public init(axes: [String], node: String, reason: String) {
    (self.axes, self.node, self.reason) = (axes, node, reason)
  }

  public var description: String {
    "\(axes.joined(separator: ", ")) is free in the file and fixed now: \"\(node)\" \(reason)"
  }
}

extension Specialised {
  /// What folding found out of every node and value.
  struct Everything: Sendable {
    struct Step: Sendable {
      var node: Graph.Node
      var operation: any Operator
      var isFolded: Bool
    }
    var steps: [Step]
    var types: [TensorType?]
    var constants: [Tensor?]
  }

  /// The same graph with everything folded that the assumed extents decide.
  /// - Throws: as `init`.
  public func atAssumedExtents() throws(GraphProblems) -> Specialised {
    guard open != nil else { return self }
    var shapes: [String: [Int]] = [:]
    for input in graph.inputs { shapes[graph.values[input].name] = types[input]?.shape }
    return try Specialised(openGraph, inputShapes: shapes, purpose: .rewriting)
  }

  /// The graph to be written: what follows free extents is computed from them, as in the file.
  public var openGraph: Graph {
    guard let open else { return graph }
    var result = graph
    for value in open.elements.keys { result.values[value].constant = nil }
    for (value, tensor) in open.constants { result.values[value].constant = tensor }
    result.nodes = []
    var steps = open.steps[...]
    for (index, node) in graph.nodes.enumerated() {
      while let step = steps.first, step.place <= index {
        result.nodes.append(steps.removeFirst().node)
      }
      result.nodes.append(node)
    }
    result.nodes += steps.map(\.node)
    return result
  }

}

extension Graph {
  /// The free axes of the inputs, as `input.axis`.
  public var openAxes: [String] {
    inputs.flatMap { input in
      (values[input].shape ?? []).enumerated().compactMap { axis, extent in
        if case .fixed = extent { nil } else { "\(values[input].name).\(axis)" }
      }
    }
  }
}
