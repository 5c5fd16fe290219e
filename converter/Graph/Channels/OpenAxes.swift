extension ChannelMap {
  /// Holds what a node makes of free extents: positions of which another input has more or fewer.
  ///
  /// - Parameters:
  ///   - open: What follows free extents.
  ///   - operation: The node's operator, whose map has been made.
  ///   - known: How many factors there were before that.
  public func holdOpenAxes(_ open: OpenExtents, _ operation: any Operator, since known: Int) {
    for (place, input) in node.inputs.enumerated() {
      guard let input, open.isOpen(input) else { continue }
      // Numbers of the assumed extents: what they stand for at others is not known here.
      freeze(inputAxes[place].compactMap { $0 }, .spatial)
      if let gather = operation as? Gather, place == 1 {
        let along = fromFront(gather.axis, rank: shape(0).count)
        freeze([inputAxes[0][along]].compactMap { $0 }, reason)
      }
    }
    guard operation.makesPositions else { return }
    for (place, output) in node.outputs.enumerated() {
      guard let output else { continue }
      for (axis, factors) in outputAxes[place].enumerated() where open.isOpen(output, axis: axis) {
        for leaf in algebra.leaves(factors) where leaf.place >= known {
          algebra.freeze(Axis(leaf), reason)
        }
        // A part whose extent is free, of an axis whose extent is not.
        guard let whole = node.inputs[0], inputAxes[0].count == outputAxes[place].count,
          !open.isOpen(whole, axis: axis), let factors = inputAxes[0][axis]
        else { continue }
        algebra.freeze(factors, reason)
      }
    }
  }

  private var reason: FreezeReason {
    .semantic(node: node.name, "a part that follows a free extent")
  }
}

extension Operator {
  /// Whether an axis of the result can have elements that no operand's axis of channels has.
  fileprivate var makesPositions: Bool {
    self is Expand || self is Tile || self is Pad || self is Slice || self is Split
      || self is Resize || self is Upsample || self is ConstantOfShape || self is ArithmeticRange
  }
}
