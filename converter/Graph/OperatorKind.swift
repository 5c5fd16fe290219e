/// Every operator Espalier knows, by ONNX's name; the compiler lists what a new case lacks.
///
/// Cases stand in families, each family's files written together, so that a new one has an obvious place.
public enum OperatorKind: String, CaseIterable, Sendable, Hashable {
  // Elementwise, activations, logic (family A)
  case relu = "Relu"
  case leakyRelu = "LeakyRelu"
  case prelu = "PRelu"
  case elu = "Elu"
  case selu = "Selu"
  case celu = "Celu"
  case gelu = "Gelu"
  case erf = "Erf"
  case sigmoid = "Sigmoid"
  case hardSigmoid = "HardSigmoid"
  case hardSwish = "HardSwish"
  case tanh = "Tanh"
  case softplus = "Softplus"
  case softsign = "Softsign"
  case mish = "Mish"
  case swish = "Swish"
  case swiGLU = "SwiGLU"
  case thresholdedRelu = "ThresholdedRelu"
  case clip = "Clip"
  case add = "Add"
  case sub = "Sub"
  case mul = "Mul"
  case div = "Div"
  case pow = "Pow"
  case mod = "Mod"
  case sqrt = "Sqrt"
  case exp = "Exp"
  case log = "Log"
  case abs = "Abs"
  case neg = "Neg"
  case sign = "Sign"
  case reciprocal = "Reciprocal"
  case floor = "Floor"
  case ceil = "Ceil"
  case round = "Round"
  case sin = "Sin"
  case cos = "Cos"
  case tan = "Tan"
  case asin = "Asin"
  case acos = "Acos"
  case atan = "Atan"
  case sinh = "Sinh"
  case cosh = "Cosh"
  case asinh = "Asinh"
  case acosh = "Acosh"
  case atanh = "Atanh"
  case isNaN = "IsNaN"
  case isInf = "IsInf"
  case min = "Min"
  case max = "Max"
  case mean = "Mean"
  case sum = "Sum"
  case `where` = "Where"
  case equal = "Equal"
  case greater = "Greater"
  case less = "Less"
  case greaterOrEqual = "GreaterOrEqual"
  case lessOrEqual = "LessOrEqual"
  case and = "And"
  case or = "Or"
  case not = "Not"
  case xor = "Xor"
  case bitwiseAnd = "BitwiseAnd"
  case bitwiseOr = "BitwiseOr"
  case bitwiseXor = "BitwiseXor"
  case bitwiseNot = "BitwiseNot"
  case bitShift = "BitShift"
  case softmax = "Softmax"
  case logSoftmax = "LogSoftmax"
  case hardmax = "Hardmax"
  case reduceSum = "ReduceSum"
  case reduceMean = "ReduceMean"
  case reduceMax = "ReduceMax"
  case reduceMin = "ReduceMin"
  case reduceProd = "ReduceProd"
  case reduceL1 = "ReduceL1"
  case reduceL2 = "ReduceL2"
  case reduceSumSquare = "ReduceSumSquare"
  case reduceLogSum = "ReduceLogSum"
  case reduceLogSumExp = "ReduceLogSumExp"
  case argMax = "ArgMax"
  case argMin = "ArgMin"
  case cumSum = "CumSum"
  case cumProd = "CumProd"
  case topK = "TopK"
  case trilu = "Trilu"
  case oneHot = "OneHot"
  case einsum = "Einsum"
  case lpNormalization = "LpNormalization"
  case meanVarianceNormalization = "MeanVarianceNormalization"
  case lrn = "LRN"
  case quantizeLinear = "QuantizeLinear"
  case dequantizeLinear = "DequantizeLinear"
  case dropout = "Dropout"
  case identity = "Identity"

  // Convolution, pooling, normalisation, matrix products, reductions, recurrent, attention (family B)
  case conv = "Conv"
  case convTranspose = "ConvTranspose"
  case gemm = "Gemm"
  case matMul = "MatMul"
  case batchNormalization = "BatchNormalization"
  case layerNormalization = "LayerNormalization"
  case instanceNormalization = "InstanceNormalization"
  case groupNormalization = "GroupNormalization"
  case rmsNormalization = "RMSNormalization"
  case maxPool = "MaxPool"
  case averagePool = "AveragePool"
  case lpPool = "LpPool"
  case globalAveragePool = "GlobalAveragePool"
  case globalMaxPool = "GlobalMaxPool"
  case rnn = "RNN"
  case gru = "GRU"
  case lstm = "LSTM"
  case resize = "Resize"
  case upsample = "Upsample"
  case gridSample = "GridSample"
  case rotaryEmbedding = "RotaryEmbedding"
  case attention = "Attention"
  case linearAttention = "LinearAttention"
  case causalConvWithState = "CausalConvWithState"

  // Data movement, shape, indexing, constants, casting, resizing (family C)
  case transpose = "Transpose"
  case reshape = "Reshape"
  case flatten = "Flatten"
  case squeeze = "Squeeze"
  case unsqueeze = "Unsqueeze"
  case concat = "Concat"
  case split = "Split"
  case slice = "Slice"
  case gather = "Gather"
  case gatherElements = "GatherElements"
  case gatherND = "GatherND"
  case reverseSequence = "ReverseSequence"
  case scatterND = "ScatterND"
  case scatterElements = "ScatterElements"
  case expand = "Expand"
  case tile = "Tile"
  case pad = "Pad"
  case depthToSpace = "DepthToSpace"
  case spaceToDepth = "SpaceToDepth"
  case cast = "Cast"
  case castLike = "CastLike"
  case bitCast = "BitCast"
  case constant = "Constant"
  case constantOfShape = "ConstantOfShape"
  case shape = "Shape"
  case size = "Size"
  case range = "Range"
  case eyeLike = "EyeLike"
  case scatter = "Scatter"
  case tensorScatter = "TensorScatter"
  case nonZero = "NonZero"

  /// The type that holds the operator's meaning.
  public var definition: any Operator.Type {
    switch self {
    // Family A
    case .relu: Relu.self
    case .leakyRelu: LeakyRelu.self
    case .prelu: PRelu.self
    case .elu: Elu.self
    case .selu: Selu.self
    case .celu: Celu.self
    case .gelu: Gelu.self
    case .erf: Erf.self
    case .sigmoid: Sigmoid.self
    case .hardSigmoid: HardSigmoid.self
    case .hardSwish: HardSwish.self
    case .tanh: Tanh.self
    case .softplus: Softplus.self
    case .softsign: Softsign.self
    case .mish: Mish.self
    case .swish: Swish.self
    case .swiGLU: SwiGLU.self
    case .thresholdedRelu: ThresholdedRelu.self
    case .clip: Clip.self
    case .add: Add.self
    case .sub: Sub.self
    case .mul: Mul.self
    case .div: Div.self
    case .pow: Pow.self
    case .mod: Mod.self
    case .sqrt: Sqrt.self
    case .exp: Exp.self
    case .log: Log.self
    case .abs: Abs.self
    case .neg: Neg.self
    case .sign: Sign.self
    case .reciprocal: Reciprocal.self
    case .floor: Floor.self
    case .ceil: Ceil.self
    case .round: Round.self
    case .sin: Sin.self
    case .cos: Cos.self
    case .tan: Tan.self
    case .asin: Asin.self
    case .acos: Acos.self
    case .atan: Atan.self
    case .sinh: Sinh.self
    case .cosh: Cosh.self
    case .asinh: Asinh.self
    case .acosh: Acosh.self
    case .atanh: Atanh.self
    case .isNaN: IsNaN.self
    case .isInf: IsInf.self
    case .min: Min.self
    case .max: Max.self
    case .mean: Mean.self
    case .sum: Sum.self
    case .where: Where.self
    case .equal: Equal.self
    case .greater: Greater.self
    case .less: Less.self
    case .greaterOrEqual: GreaterOrEqual.self
    case .lessOrEqual: LessOrEqual.self
    case .and: And.self
    case .or: Or.self
    case .not: Not.self
    case .xor: Xor.self
    case .bitwiseAnd: BitwiseAnd.self
    case .bitwiseOr: BitwiseOr.self
    case .bitwiseXor: BitwiseXor.self
    case .bitwiseNot: BitwiseNot.self
    case .bitShift: BitShift.self
    case .softmax: Softmax.self
    case .logSoftmax: LogSoftmax.self
    case .hardmax: Hardmax.self
    case .reduceSum: ReduceSum.self
    case .reduceMean: ReduceMean.self
    case .reduceMax: ReduceMax.self
    case .reduceMin: ReduceMin.self
    case .reduceProd: ReduceProd.self
    case .reduceL1: ReduceL1.self
    case .reduceL2: ReduceL2.self
    case .reduceSumSquare: ReduceSumSquare.self
    case .reduceLogSum: ReduceLogSum.self
    case .reduceLogSumExp: ReduceLogSumExp.self
    case .argMax: ArgMax.self
    case .argMin: ArgMin.self
    case .cumSum: CumSum.self
    case .cumProd: CumProd.self
    case .topK: TopK.self
    case .trilu: Trilu.self
    case .oneHot: OneHot.self
    case .einsum: Einsum.self
    case .lpNormalization: LpNormalization.self
    case .meanVarianceNormalization: MeanVarianceNormalization.self
    case .lrn: LRN.self
    case .quantizeLinear: QuantizeLinear.self
    case .dequantizeLinear: DequantizeLinear.self
    case .dropout: Dropout.self
    case .identity: Identity.self

    // Family B
    case .conv: Conv.self
    case .convTranspose: ConvTranspose.self
    case .gemm: Gemm.self
    case .matMul: MatMul.self
    case .batchNormalization: BatchNormalization.self
    case .layerNormalization: LayerNormalization.self
    case .instanceNormalization: InstanceNormalization.self
    case .groupNormalization: GroupNormalization.self
    case .rmsNormalization: RMSNormalization.self
    case .maxPool: MaxPool.self
    case .averagePool: AveragePool.self
    case .lpPool: LpPool.self
    case .globalAveragePool: GlobalAveragePool.self
    case .globalMaxPool: GlobalMaxPool.self
    case .rnn: RNN.self
    case .gru: GRU.self
    case .lstm: LSTM.self
    case .resize: Resize.self
    case .upsample: Upsample.self
    case .gridSample: GridSample.self
    case .rotaryEmbedding: RotaryEmbedding.self
    case .attention: Attention.self
    case .linearAttention: LinearAttention.self
    case .causalConvWithState: CausalConvWithState.self

    // Family C
    case .transpose: Transpose.self
    case .reshape: Reshape.self
    case .flatten: Flatten.self
    case .squeeze: Squeeze.self
    case .unsqueeze: Unsqueeze.self
    case .concat: Concat.self
    case .split: Split.self
    case .slice: Slice.self
    case .gather: Gather.self
    case .gatherElements: GatherElements.self
    case .gatherND: GatherND.self
    case .reverseSequence: ReverseSequence.self
    case .scatterND: ScatterND.self
    case .scatterElements: ScatterElements.self
    case .expand: Expand.self
    case .tile: Tile.self
    case .pad: Pad.self
    case .depthToSpace: DepthToSpace.self
    case .spaceToDepth: SpaceToDepth.self
    case .cast: Cast.self
    case .castLike: CastLike.self
    case .bitCast: BitCast.self
    case .constant: Constant.self
    case .constantOfShape: ConstantOfShape.self
    case .shape: Shape.self
    case .size: Size.self
    case .range: ArithmeticRange.self
    case .eyeLike: EyeLike.self
    case .scatter: ScatterElements.self
    case .tensorScatter: TensorScatter.self
    case .nonZero: NonZero.self
    }
  }
}
