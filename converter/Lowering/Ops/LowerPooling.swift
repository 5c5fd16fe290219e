package import EspalierGraph
package import EspalierModelFile

extension MaxPool: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let x = try builder.operand(0)
    let window = try placedWindow(builder.shape(of: x))
    let indices: TensorType? = builder.hasOutput(1) ? try builder.outputType(1) : nil
    let outputs = try builder.emitPool(
      .max, x, window, type: try builder.outputType(), indices: indices,
      columnMajor: columnMajorIndices)
    builder.bind(to: outputs[0])
    if outputs.count > 1 { builder.bind(1, to: outputs[1]) }
  }
}

extension AveragePool: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let x = try builder.operand(0)
    let window = try placedWindow(builder.shape(of: x))
    builder.bind(
      to: try builder.emitPool(
        .average, x, window, type: try builder.outputType(), countIncludePad: countsPadding)[0])
  }
}

extension ProgramBuilder {
  package mutating func emitPool(
    _ code: PoolCode, _ x: Program.TensorID, _ window: PlacedWindow, type: TensorType,
    indices: TensorType? = nil, columnMajor: Bool = false, countIncludePad: Bool = false
  ) throws(GraphError) -> [Program.TensorID] {
    let axes = window.kernel.count
    guard axes <= 3 else { throw unsupported("pooling over \(axes) axes") }
    guard type.elementType == .float32 else {
      throw unsupported("pooling of \(type.elementType) tensors")
    }
    var outputs = [add(type)]
    if let indices { outputs.append(add(indices)) }
    emit(
      .pool, [x], writing: outputs,
      integers: [code.rawValue, axes] + window.kernel + window.strides + window.dilations
        + window.begins + window.ends + [countIncludePad ? 1 : 0, columnMajor ? 1 : 0, 2])
    return outputs
  }

  /// A reduction over some axes; the result has the given shape.
  package mutating func emitReduce(
    _ code: ReduceCode, _ x: Program.TensorID, axes: [Int], type: TensorType,
    selectLast: Bool = false
  ) -> Program.TensorID {
    emit(
      .reduce, [x], type, integers: [code.rawValue, selectLast ? 1 : 0] + axes.sorted())
  }
}
