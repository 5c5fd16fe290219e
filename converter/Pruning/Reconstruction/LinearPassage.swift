import EspalierCoupling
import EspalierEvaluation
import EspalierGraph

/// Where a group's channels are made and where they are summed over, if only linear maps that treat
/// all of them alike stand between: then they may have any other basis.
struct LinearPassage {
  /// The group's number.
  let group: Int
  /// The constants that take part in a change of basis.
  private(set) var changes: [Change] = []

  /// A constant of which one axis carries the channels.
  struct Change {
    var value: Graph.ValueID
    var axis: Int
    /// The positions of the group's indices, for each setting of what else numbers the axis.
    var parts: [(list: Int, positions: [Int])]
    /// Whether it takes the inverse basis, transposed.
    var isInverse: Bool
  }

  private let leaf: Factor
  private let coupling: Coupling
  /// Values that share a basis, each with another one or itself.
  private var parents: [Graph.ValueID: Graph.ValueID] = [:]
  private var makers: [(use: Coupling.ConstantUse, channels: Graph.ValueID)] = []
  private var readers: [(use: Coupling.ConstantUse, channels: Graph.ValueID)] = []
  /// The operands of a product of two activations that sums over the channels.
  private var product: (left: Graph.ValueID, right: Graph.ValueID)?

  /// Nothing where the channels meet something that is not linear, or a constant others use too.
  init?(_ group: Int, _ coupling: Coupling, _ useCounts: [Int]) {
    (self.group, self.coupling) = (group, coupling)
    leaf = coupling.groups[group].leaf
    for node in coupling.graph.graph.nodes.indices { guard visit(node) else { return nil } }
    guard let first = makers.first, makers.allSatisfy({ useCounts[$0.use.value] == 1 }),
      readers.allSatisfy({ useCounts[$0.use.value] == 1 })
    else { return nil }
    var inverse: Graph.ValueID?
    var roots = Set((makers + readers).map { root($0.channels) })
    if let product {
      // One side of the product takes the basis, the other one its inverse.
      let (left, right) = (root(product.left), root(product.right))
      guard readers.isEmpty, left != right, roots == [left, right] else { return nil }
      inverse = left
    } else {
      roots.remove(root(first.channels))
      guard roots.isEmpty, !readers.isEmpty else { return nil }
    }
    for (use, channels) in makers {
      guard let change = change(use, isInverse: root(channels) == inverse) else { return nil }
      changes.append(change)
    }
    for (use, _) in readers {
      guard let change = change(use, isInverse: true) else { return nil }
      changes.append(change)
    }
  }

  private func carries(_ axes: [Axis]) -> Bool {
    axes.contains { coupling.algebra.leaves($0).contains(leaf) }
  }

  private func carriers(_ values: [Graph.ValueID?]) -> [Graph.ValueID] {
    values.compactMap { $0 }.filter { carries(coupling.valueAxes[$0] ?? []) }
  }

  /// Notes what a node does to the channels.
  /// - Returns: whether it treats them as a linear map that is the same for all of them.
  private mutating func visit(_ index: Int) -> Bool {
    let node = coupling.graph.graph.nodes[index]
    let (inputs, outputs) = (carriers(node.inputs), carriers(node.outputs))
    let constants = node.inputs.indices.compactMap { coupling.use(node: index, input: $0) }
      .filter { carries($0.axes) }
    if inputs.isEmpty, outputs.isEmpty, constants.isEmpty { return true }
    if let layer = LinearLayer(index, of: coupling.graph), layer.groups == 1 {
      if inputs.isEmpty, outputs == [layer.output] {
        makers += constants.map { ($0, layer.output) }
        return constants.contains { $0.value == layer.weight }
      }
      guard inputs == [layer.input], outputs.isEmpty, layer.taps == 1,
        constants.map(\.value) == [layer.weight]
      else { return false }
      readers.append((constants[0], layer.input))
      return true
    }
    switch coupling.graph.operators[index] {
    case is MatMul where inputs.count == 2 && outputs.isEmpty && constants.isEmpty:
      guard product == nil else { return false }
      product = (inputs[0], inputs[1])
      return true
    case is Add where inputs.count == 1 && constants.count == 1 && outputs.count == 1:
      makers.append((constants[0], outputs[0]))
      return join(inputs + outputs)
    case is Add where inputs.count == 2 && constants.isEmpty && outputs.count == 1,
      is Mul where inputs.count == 1 && constants.isEmpty && outputs.count == 1,
      is MatMul where inputs.count == 1 && constants.isEmpty && outputs.count == 1:
      return join(inputs + outputs)
    case is Div, is Reshape, is Flatten, is Squeeze, is Unsqueeze, is Identity, is Transpose,
      is Slice, is Split, is Expand, is Gather:
      guard inputs.count == 1, inputs[0] == node.inputs[0], constants.isEmpty else {
        return false
      }
      return join(inputs + outputs)
    default: return false
    }
  }

  private mutating func join(_ values: [Graph.ValueID]) -> Bool {
    for value in values { parents[root(value)] = root(values[0]) }
    return true
  }

  private func root(_ value: Graph.ValueID) -> Graph.ValueID {
    var value = value
    while let parent = parents[value], parent != value { value = parent }
    return value
  }

  /// Nothing where the constant is no float32, or does not tell the group's lists apart.
  private func change(_ use: Coupling.ConstantUse, isInverse: Bool) -> Change? {
    let axes = use.axes.indices.filter { carries([use.axes[$0]]) }
    guard axes.count == 1, coupling.graph.type(of: use.value).elementType == .float32
    else { return nil }
    let group = coupling.groups[group]
    var parts: [(list: Int, positions: [Int])] = []
    for box in coupling.algebra.layout(use.axes[axes[0]]).boxes {
      let own = box.digits.indices.filter { box.digits[$0].leaf == leaf }
      guard let place = own.first else { continue }
      let partner = box.digits.firstIndex { $0.leaf == group.partner }
      guard own.count == 1, group.partner == nil || partner != nil else { return nil }
      var sizes = box.digits.map(\.size)
      sizes[place] = 1
      forEachIndex(of: sizes) { index in
        let start = zip(index, box.digits).reduce(box.start) { $0 + $1.0 * $1.1.stride }
        parts.append(
          (
            list: partner.map { index[$0] } ?? 0,
            positions: (0..<group.size).map { start + $0 * box.digits[place].stride }
          ))
      }
    }
    return Change(value: use.value, axis: axes[0], parts: parts, isInverse: isInverse)
  }
}

extension LinearPassage.Change {
  /// The constant in another basis.
  /// - Parameter matrices: `[old, new]`, one for each of the group's lists.
  func applied(to old: Tensor, _ matrices: [Matrix]) -> Tensor {
    var numbers = old.floats
    let lines = AxisLines(of: old.shape, axis: axis)
    for (list, positions) in parts {
      var part = Matrix(zeros: lines.outer * lines.inner, positions.count)
      func forEach(_ body: (_ row: Int, _ column: Int, _ place: Int) -> Void) {
        for outer in 0..<lines.outer {
          for (column, position) in positions.enumerated() {
            let start = (outer * lines.extent + position) * lines.inner
            for inner in 0..<lines.inner {
              body(outer * lines.inner + inner, column, start + inner)
            }
          }
        }
      }
      forEach { row, column, place in part[row, column] = Double(numbers[place]) }
      let turned = part.times(matrices[list])
      forEach { row, column, place in numbers[place] = Float(turned[row, column]) }
    }
    return Tensor(numbers, shape: old.shape)
  }
}
