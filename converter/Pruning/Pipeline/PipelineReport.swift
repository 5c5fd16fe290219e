internal import EspalierCoupling
public import EspalierGraph

/// What a pipeline did to a model, step by step and in all.
public struct PipelineReport: Sendable {
  public enum Step: Sendable {
    case channels(ChannelReport)
    case zeros(PruningReport)
  }

  public var steps: [Step] = []
  /// What was asked for and had no effect, and what is damaged, a sentence each.
  public var warnings: [String] = []
  /// How far the result's outputs lie from the dense model's; `nil` where they cannot be compared.
  public var difference: DenseDifference?

  /// Nodes that were carried as they are, with everything that they touch held.
  public var opaque: [OpaqueNode] { steps.first?.opaque ?? [] }

  /// Multiply-accumulates of the model as it was over those that are left and have a weight that is
  /// not zero; `nil` where shapes are not known.
  public var flopsRatio: Double? { product(\.flopsRatio) }
  /// Parameters of the model as it was over those that are left and not zero.
  public var parametersRatio: Double? { countedRatio ?? product(\.parametersRatio) }
  /// As counted in the result, where refits of steps may have added biases.
  var countedRatio: Double?

  /// The product over the steps that remove channels, and the last of the others: its ratio counts the
  /// zeros of all before it.
  private func product(_ ratio: (Step) -> Double?) -> Double? {
    let zeros = steps.lastIndex { if case .zeros = $0 { true } else { false } }
    let counted = steps.indices.filter { index in
      if case .channels = steps[index] { true } else { index == zeros }
    }
    return counted.reduce(1) { product, index in
      product.flatMap { known in ratio(steps[index]).map { known * $0 } }
    }
  }
}

extension PipelineReport.Step {
  public var refit: Refit.Report? {
    switch self {
    case .channels(let report): report.refit
    case .zeros(let report): report.refit
    }
  }
  var opaque: [OpaqueNode] {
    switch self {
    case .channels(let report): report.opaque
    case .zeros(let report): report.opaque
    }
  }
  /// Axes that the file left free and that are not any more, with the nodes that forced it.
  public var fixed: [FixedExtent] {
    switch self {
    case .channels(let report): report.fixed
    case .zeros(let report): report.fixed
    }
  }
  var flopsRatio: Double? {
    switch self {
    case .channels(let report): report.flopsRatio
    case .zeros(let report): report.flopsRatio
    }
  }
  var parametersRatio: Double? {
    switch self {
    case .channels(let report): report.parametersRatio
    case .zeros(let report): report.parametersRatio
    }
  }
  var pattern: String {
    switch self {
    case .channels(let report): report.pattern
    case .zeros(let report): report.pattern.description
    }
  }
  fileprivate var frozen: [PipelineReport.Frozen] {
    switch self {
    case .channels(let report):
      report.frozen.map {
        PipelineReport.Frozen(axis: "\($0.tensor).\($0.axis)", reason: $0.reason)
      }
    case .zeros(let report):
      report.layers.compactMap { layer in
        layer.reason.map { PipelineReport.Frozen(axis: layer.initializer, reason: $0) }
      }
    }
  }
  /// Weights by initializer: what is left and not zero, and what there was.
  fileprivate var weights: [PipelineReport.Layer] {
    switch self {
    case .channels(let report):
      report.layers.map {
        PipelineReport.Layer(name: $0.name, initializer: $0.initializer, kept: $0.kept, of: $0.of)
      }
    case .zeros(let report):
      report.layers.map {
        PipelineReport.Layer(name: $0.name, initializer: $0.initializer, kept: $0.kept, of: $0.of)
      }
    }
  }
}

extension PipelineReport: Encodable {
  private enum Key: String, CodingKey {
    case schema, method, pattern, sparsity, layers, frozen, opaque, steps, warnings, difference
    case flopsRatio = "flops_ratio"
    case parametersRatio = "params_ratio"
  }

  fileprivate struct Frozen: Encodable {
    var axis: String
    var reason: String
  }

  fileprivate struct Layer: Encodable {
    var name: String
    var initializer: String
    var kept: Int
    var of: Int
    var sparsity: Double { of == 0 ? 0 : 1 - Double(kept) / Double(of) }

    enum Key: String, CodingKey { case name, initializer, sparsity, kept, of }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(name, forKey: .name)
      try container.encode(initializer, forKey: .initializer)
      try container.encode(sparsity, forKey: .sparsity)
      try container.encode(kept, forKey: .kept)
      try container.encode(of, forKey: .of)
    }
  }

  /// Writes `espalier.prune/1`: the step's own document where there is one step; else the whole,
  /// with each step's document under `steps`.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    if !warnings.isEmpty { try container.encode(warnings, forKey: .warnings) }
    try container.encodeIfPresent(difference, forKey: .difference)
    if steps.count == 1 { return try steps[0].encode(to: encoder) }
    try container.encode("espalier.prune/1", forKey: .schema)
    try container.encode("recipe", forKey: .method)
    try container.encode(steps.map(\.pattern).joined(separator: ", "), forKey: .pattern)
    try container.encode(parametersRatio.map { 1 - 1 / $0 }, forKey: .sparsity)
    try container.encode(flopsRatio, forKey: .flopsRatio)
    try container.encode(parametersRatio, forKey: .parametersRatio)
    try container.encode(layers, forKey: .layers)
    try container.encode(steps.flatMap(\.frozen), forKey: .frozen)
    try container.encode(opaque, forKey: .opaque)
    try container.encode(steps, forKey: .steps)
  }

  /// Every weight once: what the last step left of what the first one found.
  private var layers: [Layer] {
    var result: [Layer] = []
    var places: [String: Int] = [:]
    for layer in steps.flatMap(\.weights) {
      if let place = places[layer.initializer] {
        result[place].kept = layer.kept
      } else {
        places[layer.initializer] = result.count
        result.append(layer)
      }
    }
    return result
  }
}

extension PipelineReport.Step: Encodable {
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .channels(let report): try report.encode(to: encoder)
    case .zeros(let report): try report.encode(to: encoder)
    }
  }
}
