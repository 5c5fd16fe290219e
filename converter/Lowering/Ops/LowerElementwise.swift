package import EspalierGraph
package import EspalierModelFile

extension Relu: UnaryLowerable { package var unaryCode: UnaryCode { .relu } }
extension LeakyRelu: UnaryLowerable {
  package var unaryCode: UnaryCode { .leakyRelu }
  package var unaryParameters: (Double, Double) { (alpha, 0) }
}
extension ThresholdedRelu: UnaryLowerable {
  package var unaryCode: UnaryCode { .thresholdedRelu }
  package var unaryParameters: (Double, Double) { (alpha, 0) }
}
extension Elu: UnaryLowerable {
  package var unaryCode: UnaryCode { .elu }
  package var unaryParameters: (Double, Double) { (alpha, 0) }
}
extension Selu: UnaryLowerable {
  package var unaryCode: UnaryCode { .selu }
  package var unaryParameters: (Double, Double) { (alpha, gamma) }
}
extension Celu: UnaryLowerable {
  package var unaryCode: UnaryCode { .celu }
  package var unaryParameters: (Double, Double) { (alpha, 0) }
}
extension Gelu: UnaryLowerable {
  package var unaryCode: UnaryCode { approximatesWithTanh ? .geluTanh : .gelu }
}
extension Sigmoid: UnaryLowerable { package var unaryCode: UnaryCode { .sigmoid } }
extension HardSigmoid: UnaryLowerable {
  package var unaryCode: UnaryCode { .hardSigmoid }
  package var unaryParameters: (Double, Double) { (alpha, beta) }
}
extension HardSwish: UnaryLowerable { package var unaryCode: UnaryCode { .hardSwish } }
extension Swish: UnaryLowerable {
  package var unaryCode: UnaryCode { .silu }
  package var unaryParameters: (Double, Double) { (alpha, 0) }
}
extension SwiGLU: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let (gate, value) = (try builder.operand(0), try builder.operand(1))
    let type = try builder.outputType()
    let share = builder.emitUnary(.silu, gate, (alpha, 0), type: type)
    builder.bind(to: builder.emitBinary(.multiply, share, value, type: type))
  }
}
extension Mish: UnaryLowerable { package var unaryCode: UnaryCode { .mish } }
extension Softplus: UnaryLowerable { package var unaryCode: UnaryCode { .softplus } }
extension Softsign: UnaryLowerable { package var unaryCode: UnaryCode { .softsign } }
extension Tanh: UnaryLowerable { package var unaryCode: UnaryCode { .tanh } }
extension Erf: UnaryLowerable {
  package var unaryCode: UnaryCode { .erf }

  /// Of integers the result is rounded towards zero: 0 up to 5, from 6 on 1, where the function is 1
  /// in double precision.
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let input = try builder.operand(0)
    let type = try builder.outputType()
    guard !type.elementType.isFloatingPoint else {
      return builder.bind(to: builder.emitUnary(unaryCode, input, type: type))
    }
    let sixths = builder.emitUnary(.affine, builder.cast(input, to: .float32), (1.0 / 6, 0))
    let result = builder.emitUnary(.clip, sixths, (-1, 1))
    builder.bind(to: builder.cast(result, to: type.elementType))
  }
}
extension Sin: UnaryLowerable { package var unaryCode: UnaryCode { .sin } }
extension Cos: UnaryLowerable { package var unaryCode: UnaryCode { .cos } }
extension Tan: UnaryLowerable { package var unaryCode: UnaryCode { .tan } }
extension Asin: UnaryLowerable { package var unaryCode: UnaryCode { .asin } }
extension Acos: UnaryLowerable { package var unaryCode: UnaryCode { .acos } }
extension Atan: UnaryLowerable { package var unaryCode: UnaryCode { .atan } }
extension Sinh: UnaryLowerable { package var unaryCode: UnaryCode { .sinh } }
extension Cosh: UnaryLowerable { package var unaryCode: UnaryCode { .cosh } }
extension Asinh: UnaryLowerable { package var unaryCode: UnaryCode { .asinh } }
extension Acosh: UnaryLowerable { package var unaryCode: UnaryCode { .acosh } }
extension Atanh: UnaryLowerable { package var unaryCode: UnaryCode { .atanh } }
extension Abs: UnaryLowerable { package var unaryCode: UnaryCode { .abs } }
extension Neg: UnaryLowerable { package var unaryCode: UnaryCode { .negate } }
extension Sign: UnaryLowerable { package var unaryCode: UnaryCode { .sign } }
extension Reciprocal: UnaryLowerable { package var unaryCode: UnaryCode { .reciprocal } }
extension Sqrt: UnaryLowerable { package var unaryCode: UnaryCode { .sqrt } }
extension Exp: UnaryLowerable { package var unaryCode: UnaryCode { .exp } }
extension Log: UnaryLowerable { package var unaryCode: UnaryCode { .log } }
extension Floor: UnaryLowerable { package var unaryCode: UnaryCode { .floor } }
extension Ceil: UnaryLowerable { package var unaryCode: UnaryCode { .ceil } }
extension Round: UnaryLowerable { package var unaryCode: UnaryCode { .round } }
extension Not: UnaryLowerable { package var unaryCode: UnaryCode { .not } }
extension IsNaN: UnaryLowerable { package var unaryCode: UnaryCode { .isNaN } }
extension IsInf: UnaryLowerable {
  package var unaryCode: UnaryCode { .isInfinite }
  package var unaryParameters: (Double, Double) {
    (detectsPositive ? 1 : 0, detectsNegative ? 1 : 0)
  }
}

extension Add: BinaryLowerable { package var binaryCode: BinaryCode { .add } }
extension Sub: BinaryLowerable { package var binaryCode: BinaryCode { .subtract } }
extension Mul: BinaryLowerable { package var binaryCode: BinaryCode { .multiply } }
extension Div: BinaryLowerable { package var binaryCode: BinaryCode { .divide } }
extension Mod: BinaryLowerable {
  package var binaryCode: BinaryCode { followsDividend ? .remainder : .modulo }
}
extension PRelu: BinaryLowerable { package var binaryCode: BinaryCode { .prelu } }
extension Equal: BinaryLowerable { package var binaryCode: BinaryCode { .equal } }
extension Greater: BinaryLowerable { package var binaryCode: BinaryCode { .greater } }
extension GreaterOrEqual: BinaryLowerable {
  package var binaryCode: BinaryCode { .greaterOrEqual }
}
extension Less: BinaryLowerable { package var binaryCode: BinaryCode { .less } }
extension LessOrEqual: BinaryLowerable { package var binaryCode: BinaryCode { .lessOrEqual } }
extension And: BinaryLowerable { package var binaryCode: BinaryCode { .and } }
extension Or: BinaryLowerable { package var binaryCode: BinaryCode { .or } }
extension Xor: BinaryLowerable { package var binaryCode: BinaryCode { .xor } }

extension BitwiseAnd: BinaryLowerable { package var binaryCode: BinaryCode { .bitAnd } }
extension BitwiseOr: BinaryLowerable { package var binaryCode: BinaryCode { .bitOr } }
extension BitwiseXor: BinaryLowerable { package var binaryCode: BinaryCode { .bitXor } }
extension BitShift: BinaryLowerable {
  /// As int32, bytes move by up to 31 places and keep their sign: cut off, they are what they should be.
  package var binaryCode: BinaryCode { isLeft ? .shiftLeft : .shiftRight }
}
extension BitwiseNot: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let x = try builder.operand(0)
    let type = try builder.outputType()
    let ones = builder.add(
      constant: Tensor(
        elementType: builder.computable(type).elementType, shape: [], integers: [-1]))
    builder.bind(to: builder.emitBinary(.bitXor, x, ones, type: type))
  }
}

extension Pow: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    var (base, exponent) = (try builder.operand(0), try builder.operand(1))
    let type = try builder.outputType()
    // The runtime raises float32 to float32, and integers to their own kind; results follow the base.
    if builder.type(of: base).elementType != builder.type(of: exponent).elementType {
      base = builder.cast(base, to: .float32)
      exponent = builder.cast(exponent, to: .float32)
      let power = builder.emitBinary(
        .power, base, exponent, type: TensorType(.float32, type.shape))
      builder.bind(to: builder.cast(power, to: type.elementType))
    } else {
      builder.bind(to: builder.emitBinary(.power, base, exponent, type: type))
    }
  }
}

extension ProgramBuilder {
  /// The tensor converted to an element type; itself where it has that type.
  package mutating func cast(
    _ tensor: Program.TensorID, to elementType: ElementType
  ) -> Program.TensorID {
    let type = type(of: tensor)
    if type.elementType == elementType { return tensor }
    return emit(.cast, [tensor], TensorType(elementType, type.shape))
  }

  /// Folds any number of operands pairwise, broadcasting as it goes.
  fileprivate mutating func lowerVariadic(
    _ code: BinaryCode, count: Int
  ) throws(GraphError) -> Program.TensorID {
    var result = try operand(0)
    for index in 1..<max(count, 1) {
      let next = try operand(index)
      let shape = try broadcast([shape(of: result), shape(of: next)])
      result = emitBinary(
        code, result, next, type: TensorType(type(of: result).elementType, shape))
    }
    return result
  }
}

extension Min: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    builder.bind(to: try builder.lowerVariadic(.minimum, count: builder.inputCount))
  }
}
extension Max: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    builder.bind(to: try builder.lowerVariadic(.maximum, count: builder.inputCount))
  }
}
extension Sum: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    builder.bind(to: try builder.lowerVariadic(.add, count: builder.inputCount))
  }
}
extension Mean: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let count = builder.inputCount
    let sum = try builder.lowerVariadic(.add, count: count)
    builder.bind(to: builder.emitUnary(.affine, sum, (1 / Double(count), 0)))
  }
}

extension Clip: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let input = try builder.operand(0)
    let type = try builder.outputType()
    let (lower, upper) = (try builder.input(1), try builder.input(2))
    let isConstant = [lower, upper].allSatisfy { $0 == nil || builder.constant(of: $0!) != nil }
    if type.elementType == .float32, isConstant {
      let bounds = bounds(
        lower.flatMap { builder.constant(of: $0) }, upper.flatMap { builder.constant(of: $0) })
      builder.bind(to: builder.emitUnary(.clip, input, bounds, type: type))
      return
    }
    var result = input
    for (bound, code) in [(lower, BinaryCode.maximum), (upper, .minimum)] {
      guard let bound else { continue }
      // One number, with an axis or without: it must not give its axis to a scalar.
      result = builder.emitBinary(code, result, builder.view(bound, []), type: type)
    }
    builder.bind(to: result)
  }
}

extension Where: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let inputs = [try builder.operand(0), try builder.operand(1), try builder.operand(2)]
    builder.bind(to: builder.emit(.select, inputs, try builder.outputType()))
  }
}
