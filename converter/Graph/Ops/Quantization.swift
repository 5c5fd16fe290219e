/// Which scale belongs to which element: one for all, one per index of an axis, or one per block.
package struct QuantizationGrid {
  package enum Sharing {
    case everywhere
    case alongAxis(AxisLines)
    case inBlocks(AxisLines, size: Int)
  }
  package let sharing: Sharing

  /// - Parameters:
  ///   - axis: may be negative; read only where there is more than one scale.
  ///   - blockSize: elements of a block along the axis; 0 for no blocks.
  /// - Throws: `GraphError` with code `.badShape` where the scale's shape does not suit.
  init(shape: [Int], scale: [Int], axis: Int, blockSize: Int) throws(GraphError) {
    if blockSize == 0 && (scale == [] || scale == [1]) {
      sharing = .everywhere
      return
    }
    let axis = try normalise(axis: axis, rank: shape.count)
    let lines = AxisLines(of: shape, axis: axis)
    var wanted = shape
    if blockSize == 0 {
      sharing = .alongAxis(lines)
      wanted = [shape[axis]]
    } else {
      sharing = .inBlocks(lines, size: blockSize)
      wanted[axis] = shape[axis] / blockSize + (shape[axis] % blockSize == 0 ? 0 : 1)
    }
    guard scale == wanted else {
      throw GraphError(.badShape, "the scale has the shape \(scale) but must have \(wanted)")
    }
  }

  /// The flat position of the scale for an element at a flat position.
  func scalePosition(of position: Int) -> Int {
    switch sharing {
    case .everywhere:
      return 0
    case .alongAxis(let lines):
      return position / lines.inner % lines.extent
    case .inBlocks(let lines, let size):
      let blocks = (lines.extent - 1) / size + 1
      let block = position / lines.inner % lines.extent / size
      return (position / (lines.inner * lines.extent) * blocks + block) * lines.inner
        + position % lines.inner
    }
  }
}

/// The attributes that quantising and its inverse share.
package struct QuantizationAttributes {
  /// May be negative.
  package let axis: Int
  /// 0 where there are no blocks.
  package let blockSize: Int
  /// The output's type; nil where the inputs decide.
  let outputType: ElementType?

  init(_ node: NodeContext) throws(GraphError) {
    axis = try node.integer("axis", default: 1)
    blockSize = try node.integer("block_size", default: 0)
    guard blockSize >= 0 else {
      throw GraphError(.badAttribute, "block_size is \(blockSize) but must not be negative")
    }
    outputType = try elementType(node, "output_dtype")
  }
}

/// The element type that an attribute names by ONNX's number; nil for 0 or nothing.
func elementType(_ node: NodeContext, _ attribute: String) throws(GraphError) -> ElementType? {
  guard let number = try node.integer(attribute), number != 0 else { return nil }
  guard let type = Int32(exactly: number).flatMap({ ElementType(rawValue: $0) }) else {
    throw GraphError(.unsupportedVariant, "\(attribute) names the unsupported type \(number)")
  }
  return type
}

extension QuantizationAttributes {
  /// Checks the second and third inputs, scale and zero point, against the first.
  func check(_ inputs: [OperatorInput?]) throws(GraphError) {
    try Arity.between(2, 3, inputs)
    try ElementFamily.floatingPoint.check(inputs, at: 1)
    let (input, scale) = (inputs[0]!, inputs[1]!)
    _ = try grid(input.shape, scale.shape)
    guard inputs.count > 2, let zeroPoint = inputs[2] else { return }
    guard zeroPoint.shape == scale.shape || zeroPoint.type.count == 1 && scale.type.count == 1
    else {
      throw GraphError(
        .badShape, "scale and zero point have the shapes \(scale.shape) and \(zeroPoint.shape)")
    }
  }

  /// How a scale of a shape meets the elements.
  package func grid(_ shape: [Int], _ scale: [Int]) throws(GraphError) -> QuantizationGrid {
    try QuantizationGrid(shape: shape, scale: scale, axis: axis, blockSize: blockSize)
  }
}

extension QuantizationAttributes {
  /// Scales and zero points of one axis follow it; blocks freeze the axis that they cut, and follow the
  /// others.
  func mapChannels(_ map: inout ChannelMap) {
    let x = map.axes(0)
    let along = fromFront(axis, rank: x.count)
    for input in 1..<3 where map.has(input) {
      // One for all, of whatever shape, follows no axis; the attribute may then name none.
      let isOne = map.inputs[input]!.type.count == 1
      if blockSize != 0 {
        map.freeze([x[along]], "quantised in blocks")
        guard !isOne else { continue }
        map.freeze([map.axis(input, along)], "quantised in blocks")
        for index in x.indices where index != along { map.bind(input, index, x[index]) }
      } else if !isOne {
        map.bind(input, 0, x[along])
      }
    }
    map.outputAxes = [x]
  }
}
