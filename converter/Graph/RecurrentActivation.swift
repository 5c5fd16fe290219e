internal import Glibc

/// A function that recurrent operators apply, chosen by name, with its scalars.
public struct RecurrentActivation: Sendable, Hashable {
  public enum Function: String, Sendable, Hashable, CaseIterable {
    case affine = "Affine"
    case elu = "Elu"
    case hardSigmoid = "HardSigmoid"
    case leakyRelu = "LeakyRelu"
    case relu = "Relu"
    case scaledTanh = "ScaledTanh"
    case sigmoid = "Sigmoid"
    case softplus = "Softplus"
    case softsign = "Softsign"
    case tanh = "Tanh"
    case thresholdedRelu = "ThresholdedRelu"

    /// The default of `alpha`; `nil` where the function has none.
    var alpha: Float? {
      switch self {
      case .affine, .elu, .scaledTanh, .thresholdedRelu: 1
      case .hardSigmoid: 0.2
      case .leakyRelu: 0.01
      case .relu, .sigmoid, .softplus, .softsign, .tanh: nil
      }
    }

    /// The default of `beta`; `nil` where the function has none.
    var beta: Float? {
      switch self {
      case .affine: 0
      case .hardSigmoid: 0.5
      case .scaledTanh: 1
      default: nil
      }
    }
  }

  public let function: Function
  public let alpha: Float
  public let beta: Float

  /// The named functions in order, each taking from the lists of scalars what it has a use for.
  static func list(
    _ names: [String], alphas: [Float], betas: [Float]
  ) throws(GraphError) -> [RecurrentActivation] {
    var (alphas, betas) = (alphas[...], betas[...])
    var result: [RecurrentActivation] = []
    for name in names {
      let known = Function.allCases.first { $0.rawValue.lowercased() == name.lowercased() }
      guard let function = known else {
        throw GraphError(.unsupportedVariant, "the activation \"\(name)\" is not known")
      }
      let alpha = function.alpha.map { alphas.popFirst() ?? $0 }
      let beta = function.beta.map { betas.popFirst() ?? $0 }
      result.append(RecurrentActivation(function: function, alpha: alpha ?? 0, beta: beta ?? 0))
    }
    return result
  }

  public func callAsFunction(_ x: Double) -> Double {
    let (alpha, beta) = (Double(alpha), Double(beta))
    switch function {
    case .affine: return alpha * x + beta
    case .elu: return x < 0 ? alpha * expm1(x) : x
    case .hardSigmoid: return min(1, max(0, alpha * x + beta))
    case .leakyRelu: return x < 0 ? alpha * x : x
    case .relu: return x < 0 ? 0 : x
    case .scaledTanh: return alpha * tanh(beta * x)
    case .sigmoid: return 1 / (1 + exp(-x))
    case .softplus: return max(x, 0) + log1p(exp(-abs(x)))
    case .softsign: return x / (1 + abs(x))
    case .tanh: return tanh(x)
    case .thresholdedRelu: return x > alpha ? x : 0
    }
  }
}
