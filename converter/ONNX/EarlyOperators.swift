/// The version since which an operator means what it does in opset 7.
///
/// A file of an older opset is read if it has no other operators.
let unchangedSince: [String: Int] = [
  "Abs": 6, "ArgMax": 1, "ArgMin": 1, "Ceil": 6, "Clip": 6, "Concat": 4, "Constant": 1, "Conv": 1,
  "ConvTranspose": 1, "DepthToSpace": 1, "Elu": 6, "Exp": 6, "Flatten": 1, "Floor": 6, "Gather": 1,
  "GlobalAveragePool": 1, "GlobalMaxPool": 1, "HardSigmoid": 6, "Hardmax": 1, "Identity": 1,
  "InstanceNormalization": 6, "LRN": 1, "LeakyRelu": 6, "Log": 6, "LogSoftmax": 1, "MatMul": 1,
  "Max": 6, "MaxPool": 1, "Mean": 6, "Min": 6, "Neg": 6, "Not": 1, "Pad": 2, "Reciprocal": 6,
  "ReduceL1": 1, "ReduceL2": 1, "ReduceLogSum": 1, "ReduceLogSumExp": 1, "ReduceMax": 1,
  "ReduceMean": 1, "ReduceMin": 1, "ReduceProd": 1, "ReduceSum": 1, "ReduceSumSquare": 1,
  "Relu": 6, "Reshape": 5, "Selu": 6, "Shape": 1, "Sigmoid": 6, "Size": 1, "Slice": 1,
  "Softmax": 1, "Softplus": 1, "Softsign": 1, "SpaceToDepth": 1, "Split": 2, "Sqrt": 6,
  "Squeeze": 1, "Sum": 6, "Tanh": 6, "Tile": 6, "Transpose": 1, "Unsqueeze": 1,
]
