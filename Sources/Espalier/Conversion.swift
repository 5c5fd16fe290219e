public import EspalierGraph
internal import EspalierLowering
internal import EspalierModelFile

/// A model packed for the runtime, and the decision made about each layer.
public struct Conversion: Sendable {
  private let lowered: LoweredModel

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
  }

  /// Packs a graph. Zeros that fit a kernel are packed away, unless `keepsDense`.
  /// - Throws: `EspalierError` (65) with everything that the runtime cannot execute.
  public init(
    _ graph: Specialised, file: String, keepsDense: Bool = false,
    progress: ((Double) -> Void)? = nil
  ) throws(EspalierError) {
    do throws(GraphProblems) {
      lowered = try lower(
        graph, options: LoweringOptions(allowsSparse: !keepsDense), source: file,
        progress: progress)
    } catch {
      throw EspalierError(error, in: file)
    }
    let limit = ModelFileLimits.default.arenaBytes
    guard lowered.arenaByteCount <= limit else {
      throw EspalierError(
        exitCode: 65,
        "\(file): E3010: its activations need \(lowered.arenaByteCount) bytes at once; "
          + "the runtime takes at most \(limit); use smaller input shapes")
    }
  }

  public var layers: [Layer] {
    lowered.layers.map {
      Layer(
        name: $0.name, op: $0.operation, shape: $0.shape, parameters: $0.parameters,
        macs: $0.multiplyAccumulates, density: $0.density, encoding: $0.encoding,
        reason: $0.reason)
    }
  }

  /// Bytes of activations that the runtime will hold.
  public var arenaByteCount: Int { lowered.arenaByteCount }

  /// The packed file's bytes.
  public func bytes() throws(EspalierError) -> [UInt8] {
    do throws(ModelFileError) {
      return try lowered.description.bytes()
    } catch {
      throw EspalierError(exitCode: 70, "packing: \(error)")
    }
  }

  /// Writes the packed file, whole or not at all.
  /// - Throws: `EspalierError` with 73 or 74.
  public func write(to path: String) throws(EspalierError) {
    do throws(ModelFileError) {
      try lowered.description.write(to: path)
    } catch {
      throw EspalierError(exitCode: 73, "\(path): \(error)")
    }
  }
}
