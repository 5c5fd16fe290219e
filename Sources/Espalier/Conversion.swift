internal import EspalierEvaluation
internal import EspalierExecutor
public import EspalierGraph
public import EspalierHost
internal import EspalierLatencyReport
package import EspalierLowering
internal import EspalierModelFile
internal import EspalierPruning
internal import Foundation

/// A model packed for the runtime, and the decision made about each layer.
public struct Conversion: Sendable {
  private let lowered: LoweredModel
  /// What went wrong without harm to the result, and what of the model became another thing than its
  /// recipe says.
  public private(set) var warnings: [String] = []

  /// What became of one layer with weights.
  public struct Layer: Sendable, Encodable {
    public var name: String
    public var op: String
    public var shape: [Int]
    public var parameters: Int
    public var macs: Int
    /// Share of weights that are not zero.
    public var density: Double
    public var encoding: String
    public var reason: String
    /// What the layer took on the device, as chosen and dense; nil where nothing was measured.
    public var chosenNanoseconds: UInt64?
    public var denseNanoseconds: UInt64?
    /// Every way that was timed on the device; nil where nothing was measured.
    public var ways: [Way]?

    private enum CodingKeys: String, CodingKey {
      case name, op, shape, parameters, macs, density, encoding, reason, ways
      case chosenNanoseconds = "chosen_ns"
      case denseNanoseconds = "dense_ns"
    }
  }

  /// One way to store and compute a layer, as the device timed it.
  public struct Way: Sendable, Encodable {
    public var encoding: String
    public var kernel: String
    /// Multiplications done, as a share of the dense layer's.
    public var work: Double
    /// Time that the cost model expects, as a share of the dense time.
    public var expectedShare: Double
    /// Nil for what the device does not run.
    public var nanoseconds: UInt64?
    /// Whether the cost model takes it where nothing is measured.
    public var isExpected: Bool

    private enum CodingKeys: String, CodingKey {
      case encoding, kernel, work
      case expectedShare = "expected_share"
      case nanoseconds = "ns"
      case isExpected = "is_expected"
    }
  }

  /// Packs a graph. Zeros that fit a kernel are packed away, unless `keepsDense`.
  ///
  /// - Parameters:
  ///   - inputShapes: Shapes of inputs that the file leaves open, by name.
  ///   - file: What messages, and the packed file, call the model.
  ///   - device: Where each layer's candidates are timed, and the fastest taken; without one, a cost
  ///     model decides.
  ///   - measuring: How they are timed.
  ///   - progress: Called with the share of the work done, from 0 to 1.
  /// - Throws: `EspalierError`: 64 for an `ESPALIER_THREADS` that is no number, 65 with everything that the runtime cannot execute, 69 where the device
  ///   cannot be measured.
  public init(
    _ graph: Graph, inputShapes: [String: [Int]] = [:], file: String = "the model",
    keepsDense: Bool = false, device: Device? = nil,
    measuring: MeasuringOptions = MeasuringOptions(), progress: ((Double) -> Void)? = nil
  ) throws(EspalierError) {
    try checkEnvironment()
    let typed = try specialise(graph, inputShapes: inputShapes, file: file)
    let timer: HostTimer?
    do throws(HostError) { timer = device == nil ? nil : try HostTimer(measuring) } catch {
      throw EspalierError(error)
    }
    try self.init(typed, file: file, keepsDense: keepsDense, timer: timer, progress: progress)
    if !keepsDense { warnings = otherPackings(than: graph.metadata) }
    do throws(HostError) { try timer?.saveCache() } catch {
      warnings.append("times are not kept for the next conversion: \(error)")
    }
  }

  init(_ lowered: LoweredModel) { self.lowered = lowered }

  package init(
    _ graph: Specialised, file: String, keepsDense: Bool = false,
    timer: (any LayerTimer)? = nil, progress: ((Double) -> Void)? = nil
  ) throws(EspalierError) {
    let options = LoweringOptions(
      allowsSparse: !keepsDense, timer: timer, threads: Threads.count)
    do throws(GraphProblems) {
      lowered = try lower(graph, options: options, source: file, progress: progress)
    } catch {
      throw EspalierError(error, in: file)
    }
    let limit = ModelFileLimits.default.arenaBytes
    guard lowered.arenaByteCount <= limit else {
      throw EspalierError(
        exitCode: 65,
        "\(file): E\(ModelFileError.Code.overLimit.rawValue): its activations need \(lowered.arenaByteCount) bytes at once; "
          + "the runtime takes at most \(limit); use smaller input shapes")
    }
  }

  /// That layers which were pruned in a pattern are packed in another way, and why.
  private func otherPackings(than metadata: Graph.Metadata) -> [String] {
    guard let text = metadata.properties.first(where: { $0.key == Recipe.metadataKey })?.value,
      let recipe = try? Recipe(text: text, file: Recipe.metadataKey),
      case .zeros(let step)? = recipe.steps.last, step.pruner.pattern != .unstructured
    else { return [] }
    let pattern = step.pruner.pattern.description
    let others = layers.filter { $0.density < 1 && $0.encoding != pattern }
    guard !others.isEmpty else { return [] }
    let named = others.prefix(3).map { "\"\($0.name)\" as \($0.encoding) (\($0.reason))" }
    let more = others.count - named.count
    return [
      "the recipe says \(pattern), and \(others.count) of \(layers.count) layers are packed otherwise: "
        + named.joined(separator: "; ") + (more > 0 ? "; and \(more) more" : "")
    ]
  }

  public var layers: [Layer] {
    lowered.layers.map {
      Layer(
        name: $0.name, op: $0.operation, shape: $0.shape, parameters: $0.parameters,
        macs: $0.multiplyAccumulates, density: $0.density, encoding: $0.encoding,
        reason: $0.reason, chosenNanoseconds: $0.times?.chosen, denseNanoseconds: $0.times?.dense,
        ways: $0.ways.isEmpty ? nil : $0.ways.map(Way.init))
    }
  }

  /// What the layers' times were measured on; nil where nothing was measured.
  public var device: String? {
    lowered.description.device.isEmpty ? nil : lowered.description.device
  }

  /// Bytes of activations that the runtime will hold.
  public var arenaByteCount: Int { lowered.arenaByteCount }

  /// The packed file's bytes, which the loader has accepted.
  /// - Throws: `EspalierError`: 65 for a model beyond the runtime's limits, 70 for what it refuses.
  public func bytes() throws(EspalierError) -> [UInt8] {
    let bytes: [UInt8]
    do throws(ModelFileError) {
      bytes = try lowered.description.bytes(threads: Threads.count)
    } catch {
      throw failure(error, of: "packing")
    }
    do throws(ExecutorError) { try Model(copying: bytes.span).check() } catch {
      throw refusal(error, of: "packing")
    }
    return bytes
  }

  /// Writes the packed file, whole or not at all, and not before the loader has accepted it.
  /// - Throws: `EspalierError`: 73 where it cannot be written, and as `bytes()`.
  public func write(to path: String) throws(EspalierError) {
    var refused: ExecutorError?
    do throws(ModelFileError) {
      _ = unsafe try lowered.description.write(to: path, threads: Threads.count) { bytes in
        do throws(ExecutorError) {
          try unsafe Model(checking: bytes).check()
          return true
        } catch {
          refused = error
          return false
        }
      }
    } catch {
      throw failure(error, of: path)
    }
    if let refused { throw refusal(refused, of: path) }
  }

  /// Why there are no bytes: the system, too much of something, or a fault of ours.
  private func failure(_ error: ModelFileError, of file: String) -> EspalierError {
    let exitCode: Int32 =
      switch error.code {
      case .cannotWrite: 73
      case .overLimit: 65
      default: 70
      }
    guard case .system(let number) = error.place else {
      return EspalierError(exitCode: exitCode, "\(file): \(error)")
    }
    let reason = unsafe String(cString: strerror(number))
    return EspalierError(
      exitCode: exitCode, "\(file): E\(error.code.rawValue): \(error.cause): \(reason)")
  }

  /// What our own loader has against the file: a fault of ours, but for a model that is too large or a
  /// machine that is too small.
  private func refusal(_ error: ExecutorError, of file: String) -> EspalierError {
    guard error.exitCode == 65 else {
      return EspalierError(exitCode: error.exitCode, "\(file): not written: \(error)")
    }
    let fault: ModelFileError
    switch error {
    case .step(let own, _), .file(let own): fault = own
    default: return EspalierError(exitCode: 70, "\(file): not written: \(error)")
    }
    guard fault.code != .overLimit else {
      return EspalierError(exitCode: 65, "\(file): not written: \(error)")
    }
    var place = ""
    if let step = lowered.description.step(at: fault.place) {
      place = " (\(escapingControls(step.name, keepsLines: false)), \(step.kind))"
    }
    return EspalierError(
      exitCode: 70,
      "\(file): not written: the runtime would refuse it: \(fault)\(place); "
        + "this is a fault of Espalier, please report it with the model")
  }
}

extension ModelDescription {
  /// The step that a place belongs to: of a weight the first that uses it, of a tensor the first that
  /// writes it.
  fileprivate func step(at place: ModelFileError.Place) -> StepDescription? {
    switch place {
    case .step(let index): steps.indices.contains(index) ? steps[index] : nil
    case .weight(let index): steps.first { $0.weight == index }
    case .tensor(let index): steps.first { $0.outputs.contains(index) }
    case .file, .byte, .input, .output, .system: nil
    }
  }
}

extension Conversion.Way {
  init(_ way: TimedWay) {
    encoding = way.encoding
    kernel = way.kernel
    work = way.work
    expectedShare = way.expectedShare
    nanoseconds = way.nanoseconds
    isExpected = way.isExpected
  }
}
