public import EspalierGraph
public import EspalierPruning
internal import EspalierTensorFiles

extension Recipe {
  /// Where a model's metadata keeps the recipe that made it.
  public static let metadataKey = "espalier.recipe"
}

extension Graph {
  /// The graph after a recipe, which its metadata keeps under `espalier.recipe`.
  /// - Parameters:
  ///   - inputShapes: Shapes of inputs that the file leaves open, by name; the recipe's data says those of
  ///     others.
  ///   - file: What messages call the model.
  ///   - wantsReference: Whether to make the dense model with the removed channels zeroed, too; of a
  ///     recipe whose one step removes channels.
  ///   - force: Whether to return a model that is broken: whose outputs have little to do with the dense
  ///     model's.
  ///   - progress: Called with the share of the work done, from 0 to 1.
  /// - Throws: `EspalierError` with 64 for an `ESPALIER_THREADS` that is no number, 65 for a graph that
  ///   cannot be pruned so, such as for a budget that cannot be met, and for a broken result, 66 where a file
  ///   that the recipe names is missing.
  public func pruned(
    by recipe: Recipe, inputShapes: [String: [Int]] = [:], file: String = "the model",
    wantsReference: Bool = false, force: Bool = false, progress: ((Double) -> Void)? = nil
  ) throws(EspalierError) -> PrunedModel {
    try checkEnvironment()
    let files = try PruningFiles(of: recipe.steps)
    let data = recipe.calibrationArrays.compactMap { array in
      files.arrays[array.path].map { (array.input, $0.shape) }
    }
    let inputShapes = try self.inputShapes(inputShapes, ofData: data, file: file)
    do throws(PruningFailure) {
      var result = try recipe.pipeline.run(
        on: self, inputShapes: inputShapes, files: files, wantsReference: wantsReference,
        force: force, progress: progress)
      result.graph.metadata.keep(recipe.resolved)
      return result
    } catch {
      throw EspalierError(error, in: file)
    }
  }
}

extension Recipe {
  /// The arrays that steps calibrate on.
  fileprivate var calibrationArrays: [CalibrationArray] {
    steps.flatMap { step in
      if case .arrays(let data)? = step.calibration.source { data } else { [CalibrationArray]() }
    }
  }

  /// Every file that the recipe names.
  package var files: [String] {
    steps.flatMap { step in
      guard case .arrays(let data)? = step.calibration.source else {
        return step.files.arrays + step.files.archives
      }
      // Those too that no criterion looks at.
      return step.files.arrays + step.files.archives + data.map(\.path)
    }
  }
}

extension PruningFiles {
  /// Reads what steps name, each file once.
  fileprivate init(of steps: [PruningStep]) throws(EspalierError) {
    self.init()
    for paths in steps.map(\.files) {
      do throws(TensorFileError) {
        for path in paths.arrays where arrays[path] == nil {
          arrays[path] = try tensor(contentsOfNumPy: path)
        }
        for path in paths.archives where archives[path] == nil {
          archives[path] = try tensors(contentsOfSafetensors: path)
        }
      } catch {
        throw EspalierError(error)
      }
    }
  }
}

extension Graph.Metadata {
  /// Notes a recipe; one that is there already was followed before and gets a number.
  fileprivate mutating func keep(_ recipe: String) {
    if let place = properties.firstIndex(where: { $0.key == Recipe.metadataKey }) {
      var number = 1
      while properties.contains(where: { $0.key == "\(Recipe.metadataKey).\(number)" }) {
        number += 1
      }
      properties[place].key = "\(Recipe.metadataKey).\(number)"
    }
    properties.append((Recipe.metadataKey, recipe))
  }
}
