// Codes of the functions that steps name in their integers: part of the file's specification, so that none
// ever gets a second meaning. Lowering writes them, the executor takes no others, and the kernels' enums in
// `esp_plain.h` number the same functions; a kernel that answered to another number would fail its
// operator's cases (`Tests/OperatorCases`).

/// An elementwise function of one operand; 1 to 10 are also the activations a kernel may fuse.
package enum UnaryCode: Int {
  case relu = 1, clip, leakyRelu, sigmoid, silu, hardSwish, hardSigmoid, tanh, gelu, geluTanh
  case elu = 11, selu, celu, erf, softplus, softsign, mish, thresholdedRelu, sqrt, exp, log, abs
  case negate, sign, reciprocal, floor, ceil, round, sin, cos, not, tan, asin, acos, atan, sinh
  case cosh, asinh, acosh, atanh, isNaN, isInfinite, affine

  package var isActivation: Bool { rawValue <= UnaryCode.geluTanh.rawValue }
}

/// An elementwise function of two operands.
package enum BinaryCode: Int {
  case add = 1, subtract, multiply, divide, power, minimum, maximum, modulo, remainder
  case equal = 10, greater, less, greaterOrEqual, lessOrEqual, and, or, xor, prelu
  case bitAnd = 19, bitOr, bitXor, shiftLeft, shiftRight
}

package enum ReduceCode: Int {
  case sum = 1, mean, max, min, product, l1, l2, sumSquare, logSum, logSumExp, argMax, argMin
}

package enum SoftmaxCode: Int { case softmax = 1, logSoftmax, hardmax }

package enum NormalizeCode: Int { case meanVariance = 1, rootMeanSquare, l1, l2 }

package enum PoolCode: Int { case max = 1, average, lp }

package enum RecurrentCode: Int { case rnn = 1, gru, lstm }
