import EspalierGraph

/// Rewriting where extents are free: only what lost channels is stated anew, and what follows a free
/// extent stays computed.
extension Pruned {
  var open: OpenExtents { coupling.graph.open! }

  mutating func applyOpen(_ rewrite: NodeRewrite, to index: Int) {
    let node = coupling.graph.graph.nodes[index]
    switch rewrite {
    case .number, .float:
      apply(rewrite, to: index)
    case .identity:
      if losesAxis(node) { apply(rewrite, to: index) }
    case .list(let name, let extents):
      guard case .integers(let old)? = node.attributes[name] else {
        let isStated = node.operation == "Squeeze" && losesAxis(node)
        if isStated || extents.contains(where: touches) { apply(rewrite, to: index) }
        return
      }
      graph.nodes[index].attributes[name] = .integers(restated(old, extents))
    case .vector(let input, let extents):
      state(index, input, stating(index, input, extents))
    case .cuts(let starts, let ends, _, let named):
      cut(index, starts, ends, named)
    case .target(let extents):
      let now = node.inputs[1].flatMap { computed[$0] ?? coupling.graph.constants[$0] }
      state(index, 1, target(index, extents, now?.integers ?? []))
    case .selection(_, let pieces, _):
      let isTouched = pieces.contains {
        keptChannels.touches($0.before) || keptChannels.touches($0.piece)
      }
      if isTouched { apply(rewrite, to: index) }
    }
  }

  /// Whether a Squeeze that names no axes would drop one of channels, of which one is left.
  private func losesAxis(_ node: Graph.Node) -> Bool {
    coupling.valueAxes[node.inputs[0]!]!.contains {
      keptChannels.touches($0) && keptChannels.count($0) == 1
    }
  }

  private func touches(_ extent: Extent) -> Bool { keptChannels.touches(extent.axes) }

  /// Numbers of which those alone change that count channels.
  private func restated(_ old: [Int64], _ extents: [Extent]) -> [Int64] {
    guard old.count == extents.count else { return old }
    return zip(old, extents).map { touches($1) ? Int64(value($1)) : $0 }
  }

  /// The vector that an input is to be; `nil` where it may stay as it is.
  private func stating(_ index: Int, _ input: Int, _ extents: [Extent]) -> [Int64]? {
    let node = coupling.graph.graph.nodes[index]
    let vector = input < node.inputs.count ? node.inputs[input] : nil
    guard let old = vector.flatMap({ coupling.graph.constants[$0] })?.integers else {
      if node.operation == "Squeeze" {
        return losesAxis(node) ? extents.map { Int64(value($0)) } : nil
      }
      return extents.contains(where: touches) ? extents.map { Int64(value($0)) } : nil
    }
    var entries = extents
    if node.operation == "Pad", node.inputs.count > 3, let axes = node.inputs[3] {
      guard input == 1, let named = coupling.graph.constants[axes]?.integers else { return nil }
      let rank = extents.count / 2
      let places = named.map { Int($0) < 0 ? Int($0) + rank : Int($0) }
      entries = places.map { extents[$0] } + places.map { extents[$0 + rank] }
    }
    var result = restated(old, entries)
    if node.operation == "Expand" {
      // 1 says nothing of an axis: it stays as long as it is.
      for place in result.indices where old[place] == 1 { result[place] = 1 }
    }
    return result
  }

  private mutating func state(_ index: Int, _ input: Int, _ values: [Int64]?) {
    guard let values else { return }
    let inputs = graph.nodes[index].inputs
    guard input < inputs.count, let value = inputs[input], open.isOpen(value) else {
      return setVector(index, input, values)
    }
    settle(index, input, Tensor(integers: values))
  }

  /// New bounds along axes that lost channels.
  private mutating func cut(
    _ index: Int, _ starts: [Extent], _ ends: [Extent], _ named: [Int]
  ) {
    let node = coupling.graph.graph.nodes[index]
    let isTouched = zip(starts, ends).map { touches($0) || touches($1) }
    for (input, name, extents) in [(1, "starts", starts), (2, "ends", ends)] {
      func restated(_ old: [Int64]) -> [Int64] {
        zip(old, named).map { isTouched[$1] ? Int64(value(extents[$1])) : $0 }
      }
      if case .integers(let old)? = node.attributes[name] {
        graph.nodes[index].attributes[name] = .integers(restated(old))
      } else if input < node.inputs.count, let bounds = node.inputs[input],
        let old = coupling.graph.constants[bounds]
      {
        let values = restated(old.integers)
        guard values != old.integers else { continue }
        let tensor = Tensor(elementType: old.elementType, shape: old.shape, integers: values)
        if open.isOpen(bounds) {
          settle(index, input, tensor)
        } else {
          graph.nodes[index].inputs[input] = add(index, tensor, name)
        }
      }
    }
  }
}
