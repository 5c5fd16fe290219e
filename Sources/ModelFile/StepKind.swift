/// What a step of the model file does; inputs, integers and floats of each are specified in
/// `model.fbs`.
public enum StepKind: UInt16, Sendable, CaseIterable {
  case convolution = 1
  case linear = 2
  case matrixProduct = 3
  case unary = 4
  case binary = 5
  case select = 6
  case reduce = 7
  case softmax = 8
  case normalize = 9
  case pool = 10
  case copy = 11
  case fill = 12
  case gather = 13
  case gatherElements = 14
  case gatherND = 15
  case scatterND = 16
  case scatterElements = 17
  case resample = 18
  case cast = 19
  case topK = 20
  case cumulativeSum = 21
  case oneHot = 22
  case triangle = 23
  case contract = 24
  case recurrent = 25
  case localResponse = 26
  case quantize = 27
  case convolutionPlain = 28
  case attention = 29
}
