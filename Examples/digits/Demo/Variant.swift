import Espalier

/// One way to prune the network, packed, and what is known of the result.
struct Variant {
  let name: String
  /// The packed model.
  let path: String
  let accuracy: Double
  let fileBytes: Int
  /// Multiply-accumulates that the runtime does.
  let macs: Double
  let verification: Verification
  /// Layers that pruning left alone, each with the reason.
  let leftDense: [String]
  /// The median latency of each round, in nanoseconds.
  var medians: [UInt64] = []

  /// The network as it was trained.
  init(dense digits: Digits, output: String) throws {
    try self.init(digits, digits.graph, from: digits.path, named: "dense", output: output)
  }

  /// The network with its smallest weights set to zero in a pattern.
  init(_ digits: Digits, pattern: String, sparsity: Double, output: String) throws {
    // Layers compete, since training has already shown where the network needs its weights.
    let pruner = try MagnitudePruner(
      pattern: PruningPattern(parsing: pattern), sparsity: sparsity, scope: .global)
    let pruned = try digits.graph.pruned(
      by: Recipe([.zeros(ZeroStep(pruner))]), file: digits.path)
    let name = "\(pattern), \(Int((100 * sparsity).rounded())) %"
    let file = pattern.replacing(":", with: "-")
    let path = "\(output)/digits-\(file).onnx"
    try pruned.graph.write(to: path)
    var reasons: [String] = []
    for case .zeros(let report) in pruned.report.steps {
      reasons += report.layers.compactMap { layer in
        layer.reason.map { "\(layer.name) (\($0))" }
      }
    }
    try self.init(
      digits, pruned.graph, from: path, named: name, output: output, packsZeros: true,
      leftDense: reasons)
  }

  /// Packs a graph, then checks and tries the packed file.
  private init(
    _ digits: Digits, _ graph: Graph, from original: String, named name: String, output: String,
    packsZeros: Bool = false, leftDense: [String] = []
  ) throws {
    self.name = name
    self.leftDense = leftDense
    let stem = original.split(separator: "/").last!.replacing(".onnx", with: "")
    path = "\(output)/\(stem).esp"
    let conversion = try Conversion(
      graph, file: original, keepsDense: !packsZeros)
    try conversion.write(to: path)
    fileBytes = try conversion.bytes().count
    // A layer that stays dense multiplies by its zeros too.
    macs = conversion.layers.reduce(0) {
      $0 + Double($1.macs) * ($1.encoding == "dense" ? 1 : $1.density)
    }
    verification = try Verification(
      of: path, against: original, inputs: ["image": digits.image(0)])
    accuracy = try digits.accuracy(of: path)
  }

  /// The median of the rounds' medians, in nanoseconds.
  var latency: Double {
    let sorted = medians.sorted()
    return sorted.isEmpty ? .nan : Double(sorted[sorted.count / 2])
  }
}
