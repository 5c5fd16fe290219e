public import EspalierGraph

/// The inputs that a step looks at, and the refit on them.
public struct StepCalibration: Sendable, Hashable {
  /// `nil` where the step looks at none.
  public var source: CalibrationSource?
  package static let sampleCounts = 1...1_000_000
  /// How many samples of noise there are where nobody says.
  package static let noiseSamples = 128
  package static let syntheticSamples = 64

  /// The most samples to take; of noise as many, `noiseSamples` where this is `nil`.
  public var samples: Int?
  /// Whether what is left is fitted to the dense model's outputs by least squares.
  public var refits: Bool
  /// How much the refit is drawn to the weights that were left; `nil` for `Refit`'s own values.
  public var damping: Double?

  public init(
    source: CalibrationSource? = nil, samples: Int? = nil, refits: Bool = false,
    damping: Double? = nil
  ) {
    (self.source, self.samples) = (source, samples)
    (self.refits, self.damping) = (refits, damping)
  }

  var refit: Refit {
    var refit = Refit()
    if let damping {
      (refit.convolutionDamping, refit.productDamping) = (damping, damping)
      refit.searchesDamping = false
    }
    return refit
  }

  /// What nobody who read it from text may have said wrong.
  /// - Throws: `PruningError` with `.badStep`.
  func check() throws(PruningError) {
    guard samples.map(Self.sampleCounts.contains) ?? true else {
      throw PruningError(
        .badStep, "samples are 1 to \(Self.sampleCounts.upperBound), not \(samples ?? 0)")
    }
    guard damping.map({ $0 > 0 && $0 < 1 }) ?? true else {
      throw PruningError(.badStep, "damping is a share above 0 to below 1, not \(damping ?? 0)")
    }
    if case .noise(let mean, let deviation) = source {
      guard mean.isFinite, deviation.isFinite, deviation > 0 else {
        throw PruningError(
          .badStep, "noise has a mean and a deviation above 0, not \(mean) and \(deviation)")
      }
    }
  }

  /// The inputs as runs of a graph; `nil` where the step names none.
  /// - Throws: `PruningError` with `.badCalibration` for data that the graph does not take.
  func runs(
    of graph: Specialised, seed: UInt64, _ files: PruningFiles
  ) throws(PruningError) -> Calibration? {
    switch source {
    case nil: return nil
    case .synthetic:
      return .synthetic(for: graph, count: samples ?? Self.syntheticSamples, seed: seed)
    case .noise(let mean, let deviation):
      return try Calibration.smoothNoise(
        for: graph, count: samples ?? Self.noiseSamples, seed: seed, mean: [mean],
        deviation: [deviation])
    case .arrays(let arrays):
      let names = graph.graph.inputs.map { graph.graph.values[$0].name }
      var tensors: [String: Tensor] = [:]
      for array in arrays {
        guard let name = array.input ?? (names.count == 1 ? names[0] : nil) else {
          throw PruningError(
            .badCalibration,
            "data \"\(array)\" does not say for which input; there are "
              + names.joined(separator: ", "))
        }
        guard tensors.updateValue(try files.array(array.path), forKey: name) == nil else {
          throw PruningError(
            .badCalibration, "data \"\(array)\" is a second file for input \"\(name)\"; join them")
        }
      }
      return try Calibration(tensors, for: graph, limit: samples ?? .max)
    }
  }
}

/// Where inputs to calibrate on come from.
public enum CalibrationSource: Sendable, Hashable {
  /// Made up to fit the model's inputs, whatever they are.
  case synthetic
  /// Smooth noise in place of images.
  case noise(mean: Double, deviation: Double)
  /// Files of samples, one for each of the model's inputs.
  case arrays([CalibrationArray])
}

/// A NumPy file of samples for one input.
public struct CalibrationArray: Sendable, Hashable, CustomStringConvertible {
  /// `nil` where the model has one input.
  public var input: String?
  public var path: String

  public init(input: String? = nil, path: String) { (self.input, self.path) = (input, path) }

  /// Reads `INPUT=FILE` or `FILE`; a path that stands alone holds no "=".
  public init(parsing text: String) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty {
      self.init(input: String(parts[0]), path: String(parts[1]))
    } else {
      self.init(path: text)
    }
  }

  public var description: String { (input.map { "\($0)=" } ?? "") + path }
}

/// The contents of the files that steps name. Whoever runs a pipeline has read them: pruning itself
/// opens no file.
public struct PruningFiles: Sendable {
  /// Of `.npy` files, by path.
  public var arrays: [String: Tensor] = [:]
  /// Of `.safetensors` files, by path: tensors by name.
  public var archives: [String: [String: Tensor]] = [:]

  public init() {}

  func array(_ path: String) throws(PruningError) -> Tensor {
    guard let tensor = arrays[path] else { throw Self.unread(path) }
    return tensor
  }
  func archive(_ path: String) throws(PruningError) -> [String: Tensor] {
    guard let tensors = archives[path] else { throw Self.unread(path) }
    return tensors
  }

  private static func unread(_ path: String) -> PruningError {
    PruningError(.missingFile, "the file's contents are not among those given", at: path)
  }
}

extension PruningStep {
  /// The files whose contents the step needs.
  public var files: (arrays: [String], archives: [String]) {
    var (arrays, archives): ([String], [String]) = ([], [])
    if case .channels(let step) = self, case .scores(let files) = step.criterion {
      for file in files {
        switch file {
        case .array(_, let path): arrays.append(path)
        case .archive(let path): archives.append(path)
        }
      }
    }
    if case .arrays(let data)? = calibration.source { arrays += data.map(\.path) }
    return (arrays, archives)
  }
}
