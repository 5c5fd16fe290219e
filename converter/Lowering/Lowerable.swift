package import EspalierGraph
package import EspalierModelFile

/// An operator that the runtime can execute: it appends steps and binds the node's outputs.
package protocol Lowerable: Operator {
  /// - Throws: `GraphError` with code `.unsupportedVariant` for what the runtime does not do.
  func lower(_ builder: inout ProgramBuilder) throws(GraphError)
}

/// An operator that is one elementwise step of one operand.
package protocol UnaryLowerable: Lowerable {
  var unaryCode: UnaryCode { get }
  /// The function's two parameters.
  var unaryParameters: (Double, Double) { get }
}

extension UnaryLowerable {
  package var unaryParameters: (Double, Double) { (0, 0) }

  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let input = try builder.operand(0)
    builder.bind(
      to: builder.emitUnary(
        unaryCode, input, unaryParameters, type: try builder.outputType()))
  }
}

/// An operator that is one elementwise step of two broadcast operands.
package protocol BinaryLowerable: Lowerable {
  var binaryCode: BinaryCode { get }
}

extension BinaryLowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let (a, b) = (try builder.operand(0), try builder.operand(1))
    builder.bind(to: builder.emitBinary(binaryCode, a, b, type: try builder.outputType()))
  }
}

extension ProgramBuilder {
  package mutating func emitUnary(
    _ code: UnaryCode, _ input: Program.TensorID, _ parameters: (Double, Double) = (0, 0),
    type: TensorType? = nil
  ) -> Program.TensorID {
    let result = type ?? self.type(of: input)
    let output = emit(
      .unary, [computable(input)], computable(result), integers: [code.rawValue],
      floats: [Float(parameters.0), Float(parameters.1)])
    return cast(output, to: result.elementType)
  }

  package mutating func emitBinary(
    _ code: BinaryCode, _ a: Program.TensorID, _ b: Program.TensorID, type: TensorType
  ) -> Program.TensorID {
    let output = emit(
      .binary, [computable(a), computable(b)], computable(type), integers: [code.rawValue])
    return cast(output, to: type.elementType)
  }

  /// Bytes are calculated with as int32; casting back wraps as arithmetic in bytes does.
  package mutating func computable(_ tensor: Program.TensorID) -> Program.TensorID {
    cast(tensor, to: computable(type(of: tensor)).elementType)
  }

  package func computable(_ type: TensorType) -> TensorType {
    type.elementType == .uint8 || type.elementType == .int8 ? TensorType(.int32, type.shape) : type
  }

  /// A float32 constant.
  package mutating func constant(_ values: [Float], _ shape: [Int]) -> Program.TensorID {
    add(constant: Tensor(values, shape: shape))
  }

  /// A view of a tensor with extents of 1 put in front until it has this rank.
  package mutating func withRank(
    _ rank: Int, _ tensor: Program.TensorID
  ) -> Program.TensorID {
    let shape = shape(of: tensor)
    return shape.count >= rank
      ? tensor : view(tensor, Array(repeating: 1, count: rank - shape.count) + shape)
  }

  package func unsupported(_ what: String) -> GraphError {
    GraphError(.unsupportedVariant, "\(what) is not executed by the runtime")
  }
}
