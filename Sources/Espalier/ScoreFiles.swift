internal import EspalierCoupling
internal import EspalierGraph
internal import EspalierPruning
internal import EspalierTensorFiles

/// Scores of single weights that somebody else computed, by initializer.
struct ScoreFiles {
  private var tensors: [String: Tensor] = [:]

  /// - Parameter sources: `FILE.safetensors`, whose tensors have initializers' names, or
  ///   `INITIALIZER=FILE.npy`.
  /// - Throws: `EspalierError`: 66 where there is no file, 65 for files that hold no scores.
  init(_ sources: [String]) throws(EspalierError) {
    for source in sources {
      let named: [String: Tensor]
      if let place = source.lastIndex(of: "="), source.hasSuffix(".npy") {
        let path = String(source[source.index(after: place)...])
        named = [String(source[..<place]): try readNumPy(path)]
      } else {
        do throws(TensorFileError) {
          named = try EspalierTensorFiles.tensors(contentsOfSafetensors: source)
        } catch {
          throw EspalierError(error)
        }
      }
      for (name, tensor) in named.sorted(by: { $0.key < $1.key }) {
        guard tensor.elementType.isFloatingPoint, tensor.doubles.allSatisfy(\.isFinite) else {
          throw Self.fault("\(source): scores of \"\(name)\" are not all finite numbers")
        }
        guard tensors.updateValue(tensor, forKey: name) == nil else {
          throw Self.fault("\(source): scores of \"\(name)\" are there twice")
        }
      }
    }
  }

  /// The scores of channels: sums over their slices of the weights that have scores.
  /// - Throws: `EspalierError` (65) for scores of what is no weight of the model, or of another shape,
  ///   and where a group that may be pruned has no score.
  func scores(
    _ coupling: Coupling, aggregation: ScoreAggregation, allowed: [Bool], file: String
  ) throws(EspalierError) -> ChannelScores {
    let graph = coupling.graph.graph
    var shapes: [String: [Int]] = [:]
    for use in coupling.uses {
      shapes[graph.values[use.value].name] = coupling.graph.constants[use.value]!.shape
    }
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      guard let shape = shapes[name] else {
        let hint = nearest(to: name, among: Array(shapes.keys)).map { "; did you mean \"\($0)\"?" }
        throw Self.fault("\(file): there is no weight \"\(name)\" to score\(hint ?? "")")
      }
      guard shape == tensor.shape else {
        throw Self.fault(
          "\(file): scores of \"\(name)\" have the shape \(tensor.shape), and the weight \(shape)")
      }
    }
    for (group, isAllowed) in zip(coupling.groups, allowed) where isAllowed {
      let names = group.members.map { graph.values[coupling.uses[$0.use].value].name }
      guard names.contains(where: { tensors[$0] != nil }) else {
        throw Self.fault(
          "\(file): no weight of the group of \"\(names[0])\" has scores; exclude it, or score one")
      }
    }
    return ChannelScores(coupling, aggregation: aggregation) { use, _ in
      tensors[graph.values[use.value].name]?.doubles
    }
  }

  private static func fault(_ message: String) -> EspalierError {
    EspalierError(exitCode: 65, escapingControls("E2202: \(message)", keepsLines: false))
  }
}
