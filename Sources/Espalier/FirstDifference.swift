internal import EspalierExecutor
package import EspalierGraph

/// Where two models first give different values: what they compute alike before is alike.
public struct FirstDifference: Sendable, Encodable, CustomStringConvertible {
  /// The layer of the model that is compared.
  public var layer: String
  /// The value, which both models have.
  public var value: String
  /// Largest difference as a share of the range of the reference's values.
  public var maxOfRange: Double

  private enum CodingKeys: String, CodingKey {
    case layer, value
    case maxOfRange = "max_of_range"
  }

  public var description: String {
    "the first difference beyond rounding is in \"\(value)\" of layer \"\(layer)\", "
      + "\(Float(maxOfRange)) of its range"
  }
}

/// A model that runs on given inputs, and lends what its layers make.
package enum ObservedModel {
  case graph(Specialised, file: String)
  /// Bytes of a packed model, or the path of one.
  case packed(PackedSource, threads: Int, instructionSet: InstructionSet?)

  package enum PackedSource {
    case path(String)
    case bytes([UInt8], name: String)
  }

  func run(
    _ values: [String: Tensor], observe: (_ layer: String, _ value: String, Tensor) -> Void
  ) throws(EspalierError) {
    switch self {
    case .graph(let graph, let file):
      _ = try withoutActuallyEscaping(observe) { observe throws(EspalierError) in
        try interpret(
          graph, inputs: values, file: file,
          observe: { id, node, tensor in
            observe(node.name, graph.graph.values[id].name, tensor)
          })
      }
    case .packed(.path(let path), let threads, let set):
      try loadModel(path).run(values, threads: threads, instructionSet: set, observe: observe)
    case .packed(.bytes(let bytes, let name), let threads, let set):
      try loadModel(bytes: bytes, name: name).run(
        values, threads: threads, instructionSet: set, observe: observe)
    }
  }
}

extension FirstDifference {
  /// Bytes of the reference's values that are kept for the search; what comes later is not found.
  private static let mostBytes = 4 << 30

  /// Runs both models again and compares every value that both have, under one name and of one shape.
  /// - Returns: nil where no such value differs, or a model does not run.
  static func search(
    _ model: ObservedModel, _ values: [String: Tensor], against reference: Specialised,
    _ expectedValues: [String: Tensor], _ tolerance: Tolerance
  ) -> FirstDifference? {
    var known: [String: Tensor] = [:]
    var bytes = 0
    let (rounding, ranges) = (reference.roundingOfValues, reference.knownRanges)
    var types: [String: ElementType] = [:]
    var knownRanges: [String: Double] = [:]
    let ran = try? interpret(
      reference, inputs: expectedValues, file: "",
      observe: { id, _, tensor in
        bytes += tensor.count * tensor.elementType.byteCount
        guard bytes <= mostBytes else { return }
        let name = reference.graph.values[id].name
        known[name] = tensor
        types[name] = rounding[id]
        knownRanges[name] = ranges[id]
      })
    guard ran != nil else { return nil }
    var found: FirstDifference?
    try? model.run(values) { layer, name, tensor in
      guard found == nil, let expected = known[name], expected.shape == tensor.shape else { return }
      let result = Verification.Output(
        name, tensor, expected, tolerance, rounding: types[name] ?? expected.elementType,
        knownRange: knownRanges[name])
      guard !result.pass else { return }
      found = FirstDifference(layer: layer, value: name, maxOfRange: result.maxOfRange)
    }
    return found
  }
}

extension Specialised {
  /// For each value the coarsest type that values on the way to it are rounded to.
  package var roundingOfValues: [Graph.ValueID: ElementType] {
    func coarseness(_ type: ElementType?) -> Int {
      switch type {
      case .bfloat16: 2
      case .float16: 1
      default: 0
      }
    }
    var result: [Graph.ValueID: ElementType] = [:]
    for node in graph.nodes {
      let before = node.inputs.compactMap { $0.flatMap { result[$0] } }
      for case let id? in node.outputs {
        // Constants and inputs are given, not rounded.
        let types = before + [types[id]?.elementType].compactMap(\.self)
        result[id] = types.max { coarseness($0) < coarseness($1) }
      }
    }
    return result
  }

  /// The same for the outputs, by name.
  package var roundingOfOutputs: [String: ElementType] {
    let all = roundingOfValues
    return Dictionary(
      graph.outputs.compactMap { id in all[id].map { (graph.values[id].name, $0) } }
    ) { $1 }
  }
}
