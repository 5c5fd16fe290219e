/// What pooling operators share: a window over the spatial axes of `[images, channels, ...]`.
enum Pooling {
  /// The window over an input's spatial axes.
  static func placed(
    _ window: SpatialWindow, over shape: [Int]
  ) throws(GraphError) -> PlacedWindow {
    guard shape.count >= 3 else {
      throw GraphError(.badShape, "\(shape) has no spatial axes to pool over")
    }
    return try window.placed(over: Array(shape.dropFirst(2)), kernel: window.kernel())
  }

  /// The type of a pool's output.
  static func type(
    _ input: TensorType, _ window: SpatialWindow
  ) throws(GraphError) -> TensorType {
    let placed = try placed(window, over: input.shape)
    return try TensorType(input.elementType, input.shape.prefix(2) + placed.output).checked()
  }

  /// Reduces every window of every plane.
  ///
  /// `reduce` gets the window's place among the outputs of a plane, and the flat positions it sees
  /// in the whole input, in row-major order.
  static func evaluate(
    _ shape: [Int], _ placed: PlacedWindow,
    _ reduce: (_ output: [Int], _ seen: [Int]) -> Double
  ) -> [Double] {
    let planes = shape[0] * shape[1]
    let (inputs, outputs) = (elementCount(placed.input), elementCount(placed.output))
    var result = [Double](repeating: 0, count: planes * outputs)
    var position = 0
    forEachIndex(of: placed.output) { output in
      let seen = placed.seen(from: output)
      for plane in 0..<planes {
        result[plane * outputs + position] = reduce(output, seen.map { $0 + plane * inputs })
      }
      position += 1
    }
    return result
  }
}
