import EspalierCoupling
import EspalierEvaluation
import EspalierGraph

/// Which sums run over the channels of each coupling group, and where.
struct GroupConsumers {
  /// A sum over channels: a product with a constant, or with another activation.
  enum Product: Sendable {
    case layer(LinearLayer)
    case activations(ActivationProduct)

    var node: Int {
      switch self {
      case .layer(let layer): layer.node
      case .activations(let product): product.node
      }
    }

    /// Independent sums, with moments of their own.
    var parts: Int {
      switch self {
      case .layer(let layer): layer.groups
      case .activations(let product): product.parts
      }
    }
  }

  /// The part of a sum that one list of a group's indices takes part in.
  struct Reader {
    /// An index into `products`.
    var product: Int
    var part: Int
    /// For each index of the group, the columns of the part.
    var columns: [[Int]]
  }

  private(set) var products: [Product] = []
  /// For each group of the coupling, for each of its lists.
  private(set) var readers: [[[Reader]]]

  init(_ coupling: Coupling) {
    readers = coupling.groups.map { group in
      [[Reader]](repeating: [], count: group.partner.map(coupling.algebra.size) ?? 1)
    }
    for node in coupling.graph.graph.nodes.indices {
      let leaves = Set(
        coupling.facts[node].contractions.flatMap(\.contracted).flatMap(coupling.algebra.leaves))
      let groups = leaves.compactMap { coupling.group(of: $0) }.sorted()
      guard !groups.isEmpty else { continue }
      if let layer = LinearLayer(node, of: coupling.graph) {
        products.append(.layer(layer))
        add(layer, groups, coupling)
      } else if let product = ActivationProduct(node, groups, of: coupling) {
        products.append(.activations(product))
        add(product, groups, coupling)
      }
    }
  }

  private mutating func add(_ layer: LinearLayer, _ groups: [Int], _ coupling: Coupling) {
    let axis = coupling.valueAxes[layer.input]![layer.inputAxis]
    let layout = coupling.algebra.layout(axis)
    let channels = layer.columns / layer.taps
    for number in groups {
      let group = coupling.groups[number]
      var columns: [Int: [Int: [[Int]]]] = [:]
      for place in layout.places(of: group.leaf, partner: group.partner) {
        let (part, channel) = (place.position / channels, place.position % channels)
        let empty = [[Int]](repeating: [], count: group.size)
        columns[place.partner ?? 0, default: [:]][part, default: empty][place.index] +=
          channel * layer.taps..<(channel + 1) * layer.taps
      }
      append(columns, number)
    }
  }

  private mutating func add(_ product: ActivationProduct, _ groups: [Int], _ coupling: Coupling) {
    let axis = coupling.valueAxes[product.left]!.last!
    let layout = coupling.algebra.layout(axis)
    for number in groups {
      let group = coupling.groups[number]
      var columns = [[Int]](repeating: [], count: group.size)
      for place in layout.places(of: group.leaf) {
        columns[place.index].append(place.position)
      }
      for list in readers[number].indices {
        let part = product.part(ofList: list, of: group)
        readers[number][list].append(
          Reader(product: products.count - 1, part: part, columns: columns))
      }
    }
  }

  private mutating func append(_ columns: [Int: [Int: [[Int]]]], _ group: Int) {
    for (list, parts) in columns.sorted(by: { $0.key < $1.key }) {
      for (part, columns) in parts.sorted(by: { $0.key < $1.key }) {
        readers[group][list].append(
          Reader(product: products.count - 1, part: part, columns: columns))
      }
    }
  }
}

/// A `MatMul` of two activations that sums over channels: queries with keys.
///
/// Where lists differ by a partner, such as heads, each of its indices has moments of its own.
struct ActivationProduct: Sendable {
  let node: Int
  let left: Graph.ValueID
  let right: Graph.ValueID
  /// The partner whose indices are told apart; `nil` where all matrices count together.
  let partner: Factor?
  let parts: Int
  /// Elements of a contracted axis.
  let size: Int
  /// For each matrix of the left and of the right operand, its part.
  let leftParts: [Int]
  let rightParts: [Int]

  init?(_ node: Int, _ groups: [Int], of coupling: Coupling) {
    let inputs = coupling.graph.graph.nodes[node].inputs
    guard coupling.graph.operators[node] is MatMul, let a = inputs[0], let b = inputs[1],
      let axesA = coupling.valueAxes[a], let axesB = coupling.valueAxes[b],
      axesA.count >= 2, axesB.count >= 2, coupling.graph.type(of: a).elementType == .float32
    else { return nil }
    let partners = Set(groups.compactMap { coupling.groups[$0].partner })
    (self.node, left, right) = (node, a, b)
    size = coupling.graph.type(of: a).shape.last!
    let first = partners.count == 1 ? partners.first : nil
    let parts = { (axes: [Axis], value: Graph.ValueID) -> [Int]? in
      guard let first else { return nil }
      return Self.parts(of: first, axes, coupling.graph.type(of: value).shape, coupling)
    }
    let counts = [a, b].map { coupling.graph.type(of: $0).shape.dropLast(2).reduce(1, *) }
    if let first, let ofLeft = parts(axesA, a), let ofRight = parts(axesB, b) {
      (partner, leftParts, rightParts) = (first, ofLeft, ofRight)
      self.parts = coupling.algebra.size(first)
    } else {
      (partner, self.parts) = (nil, 1)
      (leftParts, rightParts) = (
        [Int](repeating: 0, count: counts[0]), [Int](repeating: 0, count: counts[1])
      )
    }
  }

  func part(ofList list: Int, of group: ChannelGroup) -> Int {
    partner != nil && group.partner == partner ? list : 0
  }

  /// For each matrix, the index of a leaf that one of the leading axes carries.
  private static func parts(
    of leaf: Factor, _ axes: [Axis], _ shape: [Int], _ coupling: Coupling
  ) -> [Int]? {
    let ownStrides = strides(of: Array(shape.dropLast(2)))
    for axis in 0..<axes.count - 2 {
      let indices = coupling.algebra.layout(axes[axis]).indices(of: leaf)
      guard !indices.contains(nil) else { continue }
      let count = shape.dropLast(2).reduce(1, *)
      return (0..<count).map { indices[$0 / ownStrides[axis] % shape[axis]]! }
    }
    return nil
  }

  /// Adds the rows of the left operand and the columns of the right one that belong to a part.
  func add(_ a: Tensor, _ b: Tensor, part: Int, left: ColumnMoments, right: ColumnMoments) {
    let (rows, columns) = (a.shape[a.rank - 2], b.shape[b.rank - 1])
    let (x, y) = (a.floats, b.floats)
    for matrix in leftParts.indices where leftParts[matrix] == part {
      left.add(x, at: matrix * rows * size, count: rows, featureStride: 1, placeStride: size)
    }
    for matrix in rightParts.indices where rightParts[matrix] == part {
      right.add(
        y, at: matrix * size * columns, count: columns, featureStride: columns, placeStride: 1)
    }
  }
}

extension ColumnMoments {
  /// Adds columns of an array.
  func add(_ values: [Float], at start: Int, count: Int, featureStride: Int, placeStride: Int) {
    precondition(
      count == 0 || start + (size - 1) * featureStride + (count - 1) * placeStride < values.count,
      "columns lie outside the array")
    var place = 0
    while place < count {
      let width = min(room, count - place)
      unsafe add(width) { rows, _ in
        unsafe values.withUnsafeBufferPointer { values in
          for feature in 0..<size {
            let from = start + feature * featureStride + place * placeStride
            for i in 0..<width {
              unsafe rows[feature * capacity + i] = values[from + i * placeStride]
            }
          }
        }
      }
      place += width
    }
  }
}
