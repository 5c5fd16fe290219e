package import EspalierGraph
package import EspalierModelFile

extension MaxPool: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let x = try builder.operand(0)
    let window = try placedWindow(builder.shape(of: x))
    let indices: TensorType? = builder.hasOutput(1) ? try builder.outputType(1) : nil
    let type = try builder.outputType()
    // Bytes are exact in float32, and so is the largest of them.
    let isByte = type.elementType == .uint8 || type.elementType == .int8
    let outputs = try builder.emitPool(
      .max, isByte ? builder.cast(x, to: .float32) : x, window,
      type: isByte ? TensorType(.float32, type.shape) : type, indices: indices,
      columnMajor: columnMajorIndices)
    builder.bind(to: builder.cast(outputs[0], to: type.elementType))
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

extension LpPool: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let x = try builder.operand(0)
    let placed = try placedWindow(builder.shape(of: x))
    builder.bind(
      to: try builder.emitPool(.lp, x, placed, type: try builder.outputType(), power: power)[0])
  }
}

extension ProgramBuilder {
  package mutating func emitPool(
    _ code: PoolCode, _ x: Program.TensorID, _ window: PlacedWindow, type: TensorType,
    indices: TensorType? = nil, columnMajor: Bool = false, countIncludePad: Bool = false,
    power: Int = 2
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
        + window.begins + window.ends + [countIncludePad ? 1 : 0, columnMajor ? 1 : 0, power])
    return outputs
  }

  /// A reduction over some axes; the result has the given shape.
  package mutating func emitReduce(
    _ code: ReduceCode, _ x: Program.TensorID, axes: [Int], type: TensorType,
    selectLast: Bool = false
  ) -> Program.TensorID {
    let output = emit(
      .reduce, [computable(x)], computable(type),
      integers: [code.rawValue, selectLast ? 1 : 0] + axes.sorted())
    return cast(output, to: type.elementType)
  }
}
