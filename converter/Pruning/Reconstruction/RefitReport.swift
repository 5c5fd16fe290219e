extension Refit.Report: Encodable {
  private enum Key: String, CodingKey {
    case layers, runs
    case activationBytes = "activation_bytes"
    case solverBytes = "solver_bytes"
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(layers, forKey: .layers)
    try container.encode(runs, forKey: .runs)
    try container.encode(activationBytes, forKey: .activationBytes)
    try container.encode(solverBytes, forKey: .solverBytes)
  }
}
