internal import EspalierCoupling
internal import EspalierGraph

/// A file of scores of single weights.
public enum ScoreFile: Sendable, Hashable, CustomStringConvertible {
  /// A safetensors file whose tensors have initializers' names and shapes.
  case archive(path: String)
  /// A NumPy file for one initializer.
  case array(initializer: String, path: String)

  /// Reads `FILE.safetensors` or `INITIALIZER=FILE.npy`; `nil` for anything else.
  public init?(parsing text: String) {
    if text.wholeMatch(of: /.+=.+\.npy/) != nil, let place = text.lastIndex(of: "=") {
      self = .array(
        initializer: String(text[..<place]), path: String(text[text.index(after: place)...]))
    } else if text.wholeMatch(of: /.+\.safetensors/) != nil {
      self = .archive(path: text)
    } else {
      return nil
    }
  }

  public var description: String {
    switch self {
    case .archive(let path): path
    case .array(let initializer, let path): "\(initializer)=\(path)"
    }
  }
}

/// Scores of single weights that somebody else computed, by initializer.
struct ScoreFiles {
  private var tensors: [String: Tensor] = [:]

  /// - Throws: `PruningError` with `.badScores` for files that hold no scores.
  init(_ sources: [ScoreFile], _ files: PruningFiles) throws(PruningError) {
    for source in sources {
      let named: [String: Tensor]
      switch source {
      case .array(let initializer, let path): named = [initializer: try files.array(path)]
      case .archive(let path): named = try files.archive(path)
      }
      for (name, tensor) in named.sorted(by: { $0.key < $1.key }) {
        guard tensor.elementType.isFloatingPoint, tensor.doubles.allSatisfy(\.isFinite) else {
          throw PruningError(
            .badScores, "\(source): scores of \"\(name)\" are not all finite numbers")
        }
        guard tensors.updateValue(tensor, forKey: name) == nil else {
          throw PruningError(.badScores, "\(source): scores of \"\(name)\" are there twice")
        }
      }
    }
  }

  /// The scores of channels: sums over their slices of the weights that have scores.
  /// - Throws: `PruningError` with `.badScores` for scores of what is no weight of the model, or of
  ///   another shape, and where a group that may be pruned has no score.
  func scores(
    _ coupling: Coupling, aggregation: ScoreAggregation, allowed: [Bool]
  ) throws(PruningError) -> ChannelScores {
    let graph = coupling.graph.graph
    var shapes: [String: [Int]] = [:]
    for use in coupling.uses {
      shapes[graph.values[use.value].name] = coupling.graph.constants[use.value]!.shape
    }
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      guard let shape = shapes[name] else {
        let hint = nearest(to: name, among: Array(shapes.keys)).map { "; did you mean \"\($0)\"?" }
        throw PruningError(.badScores, "there is no weight \"\(name)\" to score\(hint ?? "")")
      }
      guard shape == tensor.shape else {
        throw PruningError(
          .badScores,
          "scores of \"\(name)\" have the shape \(tensor.shape), and the weight \(shape)")
      }
    }
    for (group, isAllowed) in zip(coupling.groups, allowed) where isAllowed {
      let names = group.members.map { graph.values[coupling.uses[$0.use].value].name }
      guard names.contains(where: { tensors[$0] != nil }) else {
        throw PruningError(
          .badScores,
          "no weight of the group of \"\(names[0])\" has scores; exclude it, or score one")
      }
    }
    return ChannelScores(coupling, aggregation: aggregation) { use, _ in
      tensors[graph.values[use.value].name]?.doubles
    }
  }
}
