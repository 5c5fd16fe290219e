/// What one measurement of one model found: the document `espalier.bench/1`.
public struct BenchReport: Sendable {
  /// One step of the model, measured in a run of its own.
  public struct Layer: Sendable {
    public var name: String
    /// The ONNX operator it came from.
    public var operation: String
    public var kernel: String
    /// Encoding of its weight; nil where it has none.
    public var encoding: String?
    /// Share of the weight's elements that are kept; nil without a weight.
    public var density: Double?
    /// Multiply-accumulates of the dense layer.
    public var macs: UInt64
    /// Those that the kernel executes.
    public var executedMacs: UInt64
    public var medianNanoseconds: UInt64
    /// Why this encoding was chosen.
    public var reason: String?
    /// What the layer took when the file was made, as chosen and dense; nil where nothing was measured.
    public var chosenNanoseconds: UInt64?
    public var denseNanoseconds: UInt64?

    public init(
      name: String, operation: String, kernel: String, encoding: String?, density: Double?,
      macs: UInt64, executedMacs: UInt64, medianNanoseconds: UInt64, reason: String?,
      chosenNanoseconds: UInt64? = nil, denseNanoseconds: UInt64? = nil
    ) {
      self.name = name
      self.operation = operation
      self.kernel = kernel
      self.encoding = encoding
      self.density = density
      self.macs = macs
      self.executedMacs = executedMacs
      self.medianNanoseconds = medianNanoseconds
      self.reason = reason
      self.chosenNanoseconds = chosenNanoseconds
      self.denseNanoseconds = denseNanoseconds
    }

    /// Billions of floating-point operations per second that were executed; nil without any.
    public var gigaflops: Double? { rate(executedMacs) }
    /// The same if the kernel had done all of the dense layer's work in that time.
    public var denseEquivalentGigaflops: Double? { rate(macs) }

    private func rate(_ macs: UInt64) -> Double? {
      guard macs > 0, medianNanoseconds > 0 else { return nil }
      return 2 * Double(macs) / Double(medianNanoseconds)
    }
  }

  /// What the machine said about itself just before and just after; nil where it said nothing.
  public struct Environment: Sendable {
    public var cores: Int
    public var governor: String?
    public var kilohertz: Double?
    public var celsius: Double?
    public var loadAverage: Double?

    public init(
      cores: Int, governor: String?, kilohertz: Double?, celsius: Double?, loadAverage: Double?
    ) {
      self.cores = cores
      self.governor = governor
      self.kilohertz = kilohertz
      self.celsius = celsius
      self.loadAverage = loadAverage
    }
  }

  public var threads: Int
  /// Name of the instruction set the kernels were chosen for.
  public var isa: String
  /// Billions of multiply-adds in registers, times two, that all threads did per second at the start.
  public var peakGigaflops: Double
  public var samples: Samples
  public var loadNanoseconds: UInt64
  public var arenaBytes: Int
  /// In memory, as packed and transformed.
  public var weightBytes: Int
  /// Of `weightBytes`, what Winograd's transforms made when the model was loaded.
  public var transformedBytes: Int
  public var fileBytes: Int
  /// Whether warm-up ended because two batches agreed, rather than at its time limit.
  public var isSteady: Bool
  public var before: Environment
  public var after: Environment
  public var layers: [Layer]

  public init(
    threads: Int, isa: String, peakGigaflops: Double, samples: Samples, loadNanoseconds: UInt64,
    arenaBytes: Int,
    weightBytes: Int, transformedBytes: Int, fileBytes: Int, isSteady: Bool, before: Environment,
    after: Environment,
    layers: [Layer]
  ) {
    self.threads = threads
    self.isa = isa
    self.peakGigaflops = peakGigaflops
    self.samples = samples
    self.loadNanoseconds = loadNanoseconds
    self.arenaBytes = arenaBytes
    self.weightBytes = weightBytes
    self.transformedBytes = transformedBytes
    self.fileBytes = fileBytes
    self.isSteady = isSteady
    self.before = before
    self.after = after
    self.layers = layers
  }

  /// How much of the measured peak a layer's executed operations reach; nil without any.
  public func shareOfPeak(_ layer: Layer) -> Double? {
    guard peakGigaflops > 0 else { return nil }
    return layer.gigaflops.map { $0 / peakGigaflops }
  }
}
