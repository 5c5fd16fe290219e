/// What a step of the model file does. The comments are the specification, and the only one.
///
/// Each is described as
///   inputs -> outputs; integers; floats; weight
/// where `?` marks what may be left out (number -1). A trailing `?` may also simply be missing. `n*s`
/// is s numbers. All lists have exactly the length given. Tensors are f32 where nothing else is said.
/// Activations and kinds are the codes of runtime/Kernels/include (esp_activation, esp_unary_kind,
/// esp_binary_kind, esp_reduce_kind, esp_softmax_kind, esp_normalize_kind, esp_pool_kind,
/// esp_scatter_reduction, esp_recurrent_kind), a and b their parameters. Flags are 0 or 1. Axes count
/// from 0.
public enum StepKind: UInt16, Sendable, CaseIterable {
  /// x[N,C,H,W], bias?[O], residual?[as y] -> y[N,O,OH,OW]; kernelH kernelW strideH strideW dilationH
  /// dilationW padTop padLeft activation; a b; weight (of a packing whose rules say that it serves
  /// convolutions; Winograd where kernels are 3 x 3, strides and dilations 1).
  /// y = activation(sum + bias + residual). Rows of the weight are output channels, its groups the
  /// convolution's; positions outside x count as zero. The bias is a constant, also of linear.
  case convolution = 1
  /// x[...,K], bias?[N], residual?[as y] -> y[...,N]; activation; a b; weight (of a packing whose
  /// rules say that it serves linear). Rows of the weight are output features.
  case linear = 2
  /// a, b -> y; transposeA transposeB activation; scale a b. y = activation(scale * A B) over the last
  /// two axes, batch axes stretched as in NumPy; ranks at least 2.
  case matrixProduct = 3
  /// x -> y, same dims; kind; a b. f32, where the kind allows also i32, i64, bool.
  case unary = 4
  /// a, b -> y, stretched as in NumPy; kind. f32, i32, i64, bool as the kind allows.
  case binary = 5
  /// condition (bool), a, b -> y, stretched as in NumPy. Any type.
  case select = 6
  /// x -> y; kind selectLast axis*n. The kept axes in order; y has their product of elements.
  case reduce = 7
  /// x -> y, same dims; kind axisBegin axisEnd. Over the axes axisBegin ..< axisEnd as one.
  case softmax = 8
  /// x, scale?, bias? -> y, mean?, inverseDeviation?; kind groups extent affineInner affineCount;
  /// epsilon. `groups` runs of `extent` consecutive elements, each normalised as esp_normalize says;
  /// element i takes scale and bias number (i / affineInner) % affineCount.
  case normalize = 9
  /// x[N,C,spatial*s] -> y, indices?(i64, as y); kind s kernel*s stride*s dilation*s padBegin*s
  /// padEnd*s countIncludePad columnMajor p. s is 1 ... 3.
  case pool = 10
  /// x -> part of y; rank dims*rank xOffset xStrides*rank yOffset yStrides*rank. Strides and offsets
  /// in elements; strides may be negative, those of x 0; all positions lie within x and y, and each
  /// axis of more than one element steps in y over all that those with smaller strides reach. Any type.
  case copy = 11
  /// -> y; bits. Every element gets the low bytes of `bits`. Any type.
  case fill = 12
  /// x, index(i32|i64) -> y; axis. Negative indices count from the end. Any type of x.
  case gather = 13
  /// x, index(i32|i64) -> y; axis.
  case gatherElements = 14
  /// x, index(i64) -> y; batchDims.
  case gatherND = 15
  /// x, index(i64), updates -> y; reduction.
  case scatterND = 16
  /// x, index(i32|i64), updates -> y; axis reduction.
  case scatterElements = 17
  /// x, index(i32[samples,taps], constant), weight(f32[samples,taps], constant) -> y; axis.
  case resample = 18
  /// x -> y, same dims, any two types.
  case cast = 19
  /// x -> values, indices(i64); axis largest. k is the output's extent.
  case topK = 20
  /// x -> y; axis exclusive reverse.
  case cumulativeSum = 21
  /// index(f32|i32|i64), values[2] -> y; axis. depth is y's extent along axis.
  case oneHot = 22
  /// x -> y; upper k. Over the last two axes.
  case triangle = 23
  /// 1 to 4 operands -> y; rank outputRank dims*rank strides*rank for each operand. Sums the product
  /// of the operands over the axes behind outputRank; strides in elements. rank is at most 16.
  case contract = 24
  /// x[T,B,I], w, r, bias?, lengths?(i32[B]), h0?, c0?, peephole? -> y?, h?, c?; kind direction
  /// linearBeforeReset inputForget activation*6; alpha*6 beta*6 clip. Shapes as ONNX's RNN, GRU and
  /// LSTM with layout 0.
  case recurrent = 25
  /// x[N,C,...] -> y; size; alpha beta bias.
  case localResponse = 26
  /// x, scale, zero? -> y; dequantize axis (-1: one scale for all).
  case quantize = 27
  /// x, w, bias? -> y; s kernel*s stride*s dilation*s padBegin*s groups. s is 1 ... 3.
  case convolutionPlain = 28
  /// q, k, v, addend?, addend? -> part of y; B H M N K E, then for q, k, v, y and the two addends
  /// offset batchStride headStride tokenStride; scale. For each of B batches and H heads, y[m] = sum over n
  /// < N of softmax over n(scale * q[m] k[n] + addends[m]) * v[n]. Row m of an operand are the elements
  /// from offset + b * batchStride + h * headStride + m * tokenStride on: K of q and k, E of v and y, N of
  /// an addend (the numbers of one left out are 0). B ... E are at least 1, steps at least 0; all rows
  /// lie within their tensors, and those of y apart as in copy. N * (K + E + 64) is at most 2^28.
  case attention = 29
  /// x[N,C,extent*s], grid[N,place*s,s] -> y[N,C,place*s]; taps outside alignCorners. s is 1 ... 3. The
  /// last number of a place in the grid is for the first sampled axis. taps: 1 nearest (halves to even),
  /// 2 linear, 4 cubic (a = -0.75). outside: 0 zeros, 1 the edge, 2 mirrored. Places and weights as
  /// ONNX's GridSample has them. Extents of x are at least 1 where y has elements.
  case gridSample = 30
}

extension StepKind {
  /// The tensors that this kind takes and gives.
  public var slots: StepSlots {
    switch self {
    case .convolution, .linear: StepSlots(weightAnd: 1, 3)
    case .matrixProduct, .binary, .gather, .gatherElements, .gatherND, .oneHot, .gridSample:
      StepSlots(2, 2)
    case .unary, .reduce, .softmax, .copy, .cast, .cumulativeSum, .triangle, .localResponse:
      StepSlots(1, 1)
    case .select, .scatterND, .scatterElements, .resample: StepSlots(3, 3)
    case .normalize: StepSlots(1, 3, 1, 3)
    case .pool: StepSlots(1, 1, 1, 2)
    case .fill: StepSlots(0, 0)
    case .topK: StepSlots(1, 1, 2, 2)
    case .contract: StepSlots(1, 4)
    case .attention: StepSlots(3, 5)
    case .recurrent: StepSlots(3, 8, 0, 3)
    case .quantize, .convolutionPlain: StepSlots(2, 3)
    }
  }

  /// Whether output 0 may be written over input `slot`, under the conditions of `model.fbs`
  /// (section 4).
  public func mayWriteInPlace(over slot: Int) -> Bool {
    switch self {
    case .unary, .softmax, .normalize, .scatterND, .scatterElements, .cast: slot == 0
    case .binary: slot < 2
    case .select: slot < 3
    case .convolution, .linear: slot == 2
    default: false
    }
  }
}

/// How many tensors a kind of step takes and gives, and which of them may be left out.
public struct StepSlots: Sendable {
  /// Inputs that must be there, from the first on.
  public let requiredInputs: Int
  /// Inputs in all.
  public let inputs: Int
  /// Outputs that must be there, from the first on.
  public let requiredOutputs: Int
  /// Outputs in all.
  public let outputs: Int
  /// Whether the step has a weight.
  public let hasWeight: Bool

  init(_ required: Int, _ inputs: Int, _ requiredOutputs: Int = 1, _ outputs: Int = 1) {
    self.requiredInputs = required
    self.inputs = inputs
    self.requiredOutputs = requiredOutputs
    self.outputs = outputs
    self.hasWeight = false
  }

  init(weightAnd required: Int, _ inputs: Int) {
    self.requiredInputs = required
    self.inputs = inputs
    self.requiredOutputs = 1
    self.outputs = 1
    self.hasWeight = true
  }
}
