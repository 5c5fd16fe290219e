public import EspalierGraph

/// The elements of a tensor that stay with the kept channels, as positions along each axis.
///
/// Most axes keep the same positions everywhere. An axis of a group that keeps another list for each
/// index of a partner, which lies on another axis, has a list for each kept position there.
public struct TensorSelection {
  /// Extents of what is kept.
  public let shape: [Int]
  private let axes: [AxisSelection]

  private struct AxisSelection {
    /// Other axes on whose place the positions depend.
    var dependsOn: [Int]
    /// For each place on those axes, row-major, the positions.
    var positions: [[Int]]
  }

  public init(_ axes: [Axis], _ keptChannels: KeptChannels) {
    let slots = axes.map { Slot.all(of: $0, keptChannels) }
    shape = slots.map(\.count)
    self.axes = slots.indices.map { axis in
      let resolver = Resolver(keptChannels: keptChannels, slots: slots, axis: axis)
      var places = [Int](repeating: 0, count: slots.count)
      var lists: [[Int]] = []
      resolver.forEachPlace { place in
        for (axis, index) in place { places[axis] = index }
        lists.append(slots[axis].indices.map { resolver.position(of: $0, at: places) })
      }
      return AxisSelection(dependsOn: resolver.dependsOn, positions: lists)
    }
  }

  /// Positions along one axis where they are the same everywhere.
  public func positions(along axis: Int) -> [Int]? {
    axes[axis].dependsOn.isEmpty ? axes[axis].positions[0] : nil
  }

  /// Calls with the flat position in the whole tensor of each kept element, row-major.
  public func forEachPosition(in whole: [Int], _ body: (Int) -> Void) {
    let strides = strides(of: whole)
    if axes.allSatisfy({ $0.dependsOn.isEmpty }) {
      let offsets = zip(axes, strides).map { axis, stride in axis.positions[0].map { $0 * stride } }
      walk(offsets, 0, 0, body)
      return
    }
    EspalierGraph.forEachIndex(of: shape) { index in
      var flat = 0
      for (axis, selection) in axes.enumerated() {
        let list = selection.dependsOn.reduce(0) { $0 * shape[$1] + index[$1] }
        flat += selection.positions[list][index[axis]] * strides[axis]
      }
      body(flat)
    }
  }

  private func walk(_ offsets: [[Int]], _ axis: Int, _ start: Int, _ body: (Int) -> Void) {
    guard axis < offsets.count else { return body(start) }
    if axis == offsets.count - 1 {
      for offset in offsets[axis] { body(start + offset) }
    } else {
      for offset in offsets[axis] { walk(offsets, axis + 1, start + offset, body) }
    }
  }

  /// The kept elements.
  public func gather(_ tensor: Tensor) -> Tensor {
    func gather<Value>(_ values: [Value]) -> [Value] {
      var result: [Value] = []
      result.reserveCapacity(shape.reduce(1, *))
      forEachPosition(in: tensor.shape) { result.append(values[$0]) }
      return result
    }
    let storage: Tensor.Storage =
      switch tensor.storage {
      case .float(let values): .float(gather(values))
      case .double(let values): .double(gather(values))
      case .integer(let values): .integer(gather(values))
      case .byte(let values): .byte(gather(values))
      case .text(let values): .text(gather(values))
      }
    return Tensor(elementType: tensor.elementType, shape: shape, storage: storage)
  }

  /// 1 at every kept element of a tensor, 0 elsewhere.
  public func mask(of shape: [Int]) -> [Float] {
    var mask = [Float](repeating: 0, count: shape.reduce(1, *))
    forEachPosition(in: shape) { mask[$0] = 1 }
    return mask
  }
}

/// One kept place of an axis, whose position may depend on lists.
private struct Slot {
  /// Order among the kept: the position, with places among the kept for indices.
  var key: Int
  /// Position without the digits whose index comes from a list.
  var position: Int
  /// Known indices.
  var indices: [(leaf: Factor, index: Int)]
  /// Digits whose index is the `place`-th of a list.
  var listed: [(leaf: Factor, place: Int, stride: Int)]

  static func all(of axis: Axis, _ keptChannels: KeptChannels) -> [Slot] {
    let layout = keptChannels.algebra.layout(axis)
    var slots: [Slot] = []
    for box in layout.boxes {
      var product = [Slot(key: box.start, position: box.start, indices: [], listed: [])]
      for digit in box.digits {
        product = product.flatMap { slot in slot.extended(by: digit, keptChannels.kept[digit.leaf])
        }
      }
      slots += product
    }
    return layout.boxes.count > 1 ? slots.sorted { $0.key < $1.key } : slots
  }

  private func extended(by digit: AxisLayout.Digit, _ kept: KeptChannels.Kept?) -> [Slot] {
    // Kept indices may stand in another order than before: their places tell which comes first.
    func with(_ index: Int, at place: Int) -> Slot {
      var slot = self
      slot.key += place * digit.stride
      slot.position += index * digit.stride
      slot.indices.append((digit.leaf, index))
      return slot
    }
    switch kept {
    case nil: return (0..<digit.size).map { with($0, at: $0) }
    case .shared(let indices): return indices.enumerated().map { with($1, at: $0) }
    case .lists(let lists, _):
      return (0..<lists[0].count).map { place in
        var slot = self
        slot.key += place * digit.stride
        slot.listed.append((digit.leaf, place, digit.stride))
        return slot
      }
    }
  }
}

/// Finds which list counts for a slot: by the partner's index in the same slot, or on another axis.
private struct Resolver {
  let keptChannels: KeptChannels
  let slots: [[Slot]]
  let axis: Int
  private(set) var dependsOn: [Int] = []

  init(keptChannels: KeptChannels, slots: [[Slot]], axis: Int) {
    (self.keptChannels, self.slots, self.axis) = (keptChannels, slots, axis)
    var found: Set<Int> = []
    for slot in slots[axis] {
      for listed in slot.listed { depend(listed.leaf, axis, slot, &found) }
    }
    dependsOn = found.sorted()
  }

  private func partner(of leaf: Factor) -> (lists: [[Int]], partner: Factor) {
    guard case .lists(let lists, let partner) = keptChannels.kept[leaf] else {
      preconditionFailure("only groups with lists are listed")
    }
    return (lists, partner)
  }

  private func depend(_ leaf: Factor, _ axis: Int, _ slot: Slot, _ found: inout Set<Int>) {
    let partner = partner(of: leaf).partner
    if slot.indices.contains(where: { $0.leaf == partner }) { return }
    if slot.listed.contains(where: { $0.leaf == partner }) {
      return depend(partner, axis, slot, &found)
    }
    let other = holder(of: partner, except: axis)
    found.insert(other)
    if slots[other][0].listed.contains(where: { $0.leaf == partner }) {
      depend(partner, other, slots[other][0], &found)
    }
  }

  private func holder(of leaf: Factor, except axis: Int) -> Int {
    slots.indices.first { other in
      other != axis
        && (slots[other][0].indices.contains { $0.leaf == leaf }
          || slots[other][0].listed.contains { $0.leaf == leaf })
    }!
  }

  /// Calls with every combination of places on the axes this one depends on.
  func forEachPlace(_ body: ([(axis: Int, index: Int)]) -> Void) {
    EspalierGraph.forEachIndex(of: dependsOn.map { slots[$0].count }) { index in
      body(Array(zip(dependsOn, index)))
    }
  }

  func position(of slot: Int, at places: [Int]) -> Int {
    let own = slots[axis][slot]
    return own.listed.reduce(own.position) { sum, listed in
      sum + index(of: listed.leaf, listed.place, axis, own, places) * listed.stride
    }
  }

  private func index(
    of leaf: Factor, _ place: Int, _ axis: Int, _ slot: Slot, _ places: [Int]
  ) -> Int {
    let (lists, partner) = partner(of: leaf)
    if let known = known(partner, axis, slot, places) { return lists[known][place] }
    let other = holder(of: partner, except: axis)
    return lists[known(partner, other, slots[other][places[other]], places)!][place]
  }

  private func known(_ leaf: Factor, _ axis: Int, _ slot: Slot, _ places: [Int]) -> Int? {
    if let known = slot.indices.first(where: { $0.leaf == leaf }) { return known.index }
    guard let listed = slot.listed.first(where: { $0.leaf == leaf }) else { return nil }
    return index(of: leaf, listed.place, axis, slot, places)
  }
}
