public import EspalierGraph

extension OperatorKind {
  /// Small valid nodes: odd shapes, broadcasting, optional inputs left out, extents of 1, and of 0
  /// where an operator takes them.
  ///
  /// A new operator does not compile without a line here, and a test fails where the line is empty.
  public var cases: [OperatorCase] {
    var builder = CaseBuilder(self)
    switch self {
    case .relu, .erf, .exp, .abs, .neg, .sign, .floor, .ceil, .round, .sin, .cos, .tan, .asin,
      .acos,
      .atan, .sinh, .cosh, .asinh, .atanh, .sigmoid, .hardSwish, .tanh, .softplus, .softsign, .mish,
      .identity, .isNaN:
      builder.functions()
    case .leakyRelu, .elu, .celu, .thresholdedRelu, .swish:
      builder.functions(["alpha": .float(0.3)])
    case .swiGLU:
      builder.add("one gate for each", [builder.some(2, 3, 5), builder.some(2, 3, 5)])
      builder.add(
        "alpha", [builder.some(3, 7), builder.some(3, 7)], ["alpha": .float(1.7)], opset: 28)
      builder.add("scalars", [builder.some(), builder.some()])
      builder.add("no elements", [builder.some(2, 0), builder.some(2, 0)])
    case .selu: builder.functions(["alpha": .float(1.5), "gamma": .float(1.1)])
    case .hardSigmoid: builder.functions(["alpha": .float(0.7), "beta": .float(0.4)])
    case .gelu: builder.functions(["approximate": text("tanh")])
    case .isInf: builder.functions(["detect_negative": .integer(0)])
    case .sqrt, .log, .reciprocal: builder.functionsOfPositives()
    case .acosh: builder.functionsAboveOne()
    case .clip: builder.clips()
    case .dropout: builder.dropouts()

    case .add, .sub, .mul, .equal, .greater, .less, .greaterOrEqual, .lessOrEqual: builder.pairs()
    case .div: builder.quotients()
    case .pow: builder.powers()
    case .mod: builder.remainders()
    case .prelu: builder.slopes()
    case .and, .or, .xor: builder.truths()
    case .not: builder.negations()
    case .bitwiseAnd, .bitwiseOr, .bitwiseXor: builder.bits()
    case .bitwiseNot: builder.turnedBits()
    case .bitShift: builder.shifts()
    case .min, .max, .sum, .mean: builder.joins()
    case .where: builder.choices()

    case .softmax, .logSoftmax, .hardmax: builder.lines()
    case .reduceSum, .reduceMean, .reduceMax, .reduceMin, .reduceProd, .reduceL1, .reduceL2,
      .reduceSumSquare, .reduceLogSum, .reduceLogSumExp:
      builder.reductions(axesAreInputSince: self == .reduceSum ? 13 : 18)
    case .argMax, .argMin: builder.positions()
    case .cumSum, .cumProd: builder.runningSums()
    case .topK: builder.selections()
    case .trilu: builder.triangles()
    case .oneHot: builder.oneHots()
    case .einsum: builder.einsums()
    case .lpNormalization: builder.norms()
    case .meanVarianceNormalization: builder.meanVariances()
    case .lrn: builder.localResponses()
    case .quantizeLinear: builder.quantisations()
    case .dequantizeLinear: builder.dequantisations()

    case .conv: builder.convolutions()
    case .convTranspose: builder.transposedConvolutions()
    case .gemm: builder.gemms()
    case .matMul: builder.products()
    case .batchNormalization: builder.batchNorms()
    case .layerNormalization: builder.layerNorms()
    case .instanceNormalization: builder.instanceNorms()
    case .groupNormalization: builder.groupNorms()
    case .rmsNormalization: builder.rootMeanSquares()
    case .maxPool: builder.maxPools()
    case .averagePool: builder.averagePools()
    case .lpPool: builder.lpPools()
    case .globalAveragePool, .globalMaxPool: builder.globalPools()
    case .rnn: builder.recurrences(gates: 1, states: 1)
    case .gru: builder.recurrences(gates: 3, states: 1)
    case .lstm: builder.recurrences(gates: 4, states: 2)
    case .resize: builder.resizes()
    case .upsample: builder.upsamples()
    case .gridSample:
      // Coordinates of up to 1.5: beyond every edge.
      func grid(_ shape: Int...) -> Tensor {
        Tensor(builder.some(shape).floats.map { 1.5 * $0 }, shape: shape)
      }
      for mode in ["linear", "nearest", "cubic"] {
        for (padding, corners) in [
          ("zeros", 0), ("border", 1), ("reflection", 0), ("reflection", 1),
        ] {
          builder.add(
            "\(mode), \(padding), corners \(corners)",
            [builder.some(2, 3, 5, 4), grid(2, 3, 7, 2)],
            [
              "mode": text(mode), "padding_mode": text(padding),
              "align_corners": .integer(Int64(corners)),
            ])
        }
        builder.add(
          "\(mode), three axes", [builder.some(1, 2, 3, 4, 5), grid(1, 2, 3, 4, 3)],
          ["mode": text(mode), "padding_mode": text("reflection")])
      }
      builder.add("one axis", [builder.some(2, 2, 6), grid(2, 5, 1)])
      builder.add(
        "an image of one element, mirrored", [builder.some(1, 2, 1, 1), grid(1, 2, 2, 2)],
        ["padding_mode": text("reflection"), "align_corners": .integer(1)])
      builder.add(
        "opset 16", [builder.some(1, 2, 4, 3), grid(1, 2, 5, 2)], ["mode": text("bicubic")],
        opset: 16)
      builder.add("no images", [builder.some(0, 2, 3, 3), grid(0, 2, 2, 2)])
      builder.add("no places", [builder.some(1, 2, 0, 3), grid(1, 0, 2, 2)])
    case .rotaryEmbedding: builder.rotations()
    case .attention: builder.attentions()
    case .linearAttention: builder.linearAttentions()
    case .causalConvWithState: builder.causalConvolutions()

    case .transpose: builder.transpositions()
    case .reshape: builder.reshapes()
    case .flatten: builder.flattenings()
    case .squeeze: builder.squeezes()
    case .unsqueeze: builder.unsqueezes()
    case .concat: builder.concatenations()
    case .split: builder.splits()
    case .slice: builder.slices()
    case .gather: builder.gathers()
    case .gatherElements: builder.elementGathers()
    case .gatherND: builder.tupleGathers()
    case .reverseSequence: builder.reversals()
    case .scatterND: builder.tupleScatters()
    case .scatterElements: builder.elementScatters(opset: 18, reduces: true)
    case .scatter: builder.elementScatters(opset: 9, reduces: false)
    case .tensorScatter: builder.cacheUpdates()
    case .expand: builder.expansions()
    case .tile: builder.tiles()
    case .pad: builder.pads()
    case .depthToSpace: builder.depthToSpaces()
    case .spaceToDepth: builder.spaceToDepths()
    case .cast: builder.casts()
    case .castLike: builder.likes()
    case .bitCast: builder.bitCasts()
    case .constant: builder.constants()
    case .constantOfShape: builder.constantsOfShape()
    case .shape: builder.shapes()
    case .size: builder.sizes()
    case .range: builder.ranges()
    case .eyeLike: builder.diagonals()
    case .nonZero:
      builder.add("every other", [Tensor([0, 2, 0, -1, .nan, 0], shape: [2, 3])])
      builder.add("truths", [builder.truth([3, 1, 4])])
      builder.add("none", [Tensor(integers: [0, 0, 0])])
      builder.add("a scalar", [scalar(5)])
      builder.add("no elements", [builder.some(2, 0)])
    }
    return builder.cases
  }
}
