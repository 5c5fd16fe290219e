public import EspalierGraph

extension Graph {
  /// Runs the graph once in the reference interpreter, which is slow and plain.
  /// - Parameters:
  ///   - inputs: A value for each input, by name; open extents are taken from their shapes.
  ///   - inputShapes: Shapes of inputs that the file leaves open, by name.
  ///   - file: What messages call the model.
  ///   - progress: Called with the share of the work done, from 0 to 1.
  /// - Returns: The outputs in the graph's order.
  /// - Throws: `EspalierError` (65) for unsupported operators, inputs that do not fit and faults in the
  ///   data.
  public func run(
    _ inputs: [String: Tensor], inputShapes: [String: [Int]] = [:], file: String = "the model",
    progress: ((Double) -> Void)? = nil
  ) throws(EspalierError) -> [(name: String, tensor: Tensor)] {
    let shapes = inputShapes.merging(inputs.mapValues(\.shape)) { given, _ in given }
    let typed = try specialise(self, inputShapes: shapes, file: file)
    return try interpret(
      typed, inputs: typed.matching(inputs), file: file, progress: progress)
  }
}

/// Runs a typed graph in the reference interpreter.
/// - Throws: `EspalierError` (65) for inputs that do not fit and for faults in the data.
package func interpret(
  _ graph: Specialised, inputs: [String: Tensor], file: String,
  progress: ((Double) -> Void)? = nil,
  observe: ((Graph.ValueID, Graph.Node, Tensor) -> Void)? = nil
) throws(EspalierError) -> [(name: String, tensor: Tensor)] {
  do throws(GraphError) {
    let results = try Interpreter(graph).run(inputs, progress: progress, observe: observe)
    return graph.graph.outputs.map { id in
      let name = graph.graph.values[id].name
      return (name, results[name]!)
    }
  } catch {
    throw EspalierError(error, in: file)
  }
}
