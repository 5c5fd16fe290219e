public import EspalierExecutor
package import EspalierGraph
internal import EspalierLowering
internal import EspalierMeasure
internal import EspalierModelFile

/// What is in a model: `espalier inspect`.
public struct Inspection: Sendable, Encodable {
  public var schema = "espalier.inspect/1"
  public var parameters: Int
  public var macs: Int
  public var nonzero: Int
  /// What a packed model's times were measured on; nil where they were not.
  public var device: String?
  public var layers: [Layer]
  /// What whoever reads this should know; empty for a packed model.
  public var warnings: [String] = []

  /// One layer with weights.
  public struct Layer: Sendable, Encodable {
    public var name: String
    public var op: String
    /// Shape of the weight.
    public var shape: [Int]
    public var parameters: Int
    public var macs: Int
    public var density: Double
    /// Patterns that the zeros fit, most regular first.
    public var patterns: [String]
    /// How the runtime stores it, or would.
    public var encoding: String
    /// Why.
    public var reason: String?
    /// What the layer took on the device of a packed model, as stored and dense.
    public var chosenNanoseconds: UInt64?
    public var denseNanoseconds: UInt64?

    private enum CodingKeys: String, CodingKey {
      case name, op, shape, parameters, macs, density, patterns, encoding, reason
      case chosenNanoseconds = "chosen_ns"
      case denseNanoseconds = "dense_ns"
    }
  }

  /// Inspects an ONNX model or a packed one.
  /// - Parameters:
  ///   - inputShapes: Shapes of inputs that the file leaves open, by name.
  ///   - inputValues: Inputs that are constants, by name; see `Graph.binding(inputValues:file:)`.
  /// - Throws: `EspalierError`: 66 where there is no file, 65 for a model that cannot be read or typed.
  public init(
    contentsOf path: String, inputShapes: [String: [Int]] = [:],
    inputValues: [String: String] = [:]
  ) throws(EspalierError) {
    if isPackedModel(path) {
      let model = try loadModel(path)
      do throws(ExecutorError) { try model.checkWeights() } catch {
        throw EspalierError(exitCode: error.exitCode, "\(path): \(error)")
      }
      self.init(model)
    } else {
      let graph = try Graph(contentsOf: path).binding(inputValues: inputValues, file: path)
      try self.init(specialise(graph, inputShapes: inputShapes, file: path), file: path)
      warnings = graph.warnings(inputShapes: inputShapes)
    }
  }

  /// Inspects a typed graph. Layers are those whose weights the runtime would pack.
  package init(_ graph: Specialised, file: String) throws(EspalierError) {
    let program: Program
    do throws(GraphProblems) { program = try buildProgram(graph) } catch {
      throw EspalierError(error, in: file)
    }
    parameters = 0
    nonzero = 0
    macs = 0
    layers = []
    for tensor in graph.usedConstants where tensor.elementType.isFloatingPoint {
      parameters += tensor.count
      nonzero += tensor.passingFloats().reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
    }
    for index in graph.graph.nodes.indices {
      macs = macs.addingSaturated(graph.multiplyAccumulates(ofNode: index))
    }
    for step in program.steps {
      guard let weight = step.weight else { continue }
      let choice = WeightChoice(weight)
      let bias = graph.biasCount(ofNode: step.name)
      layers.append(
        Layer(
          name: step.name, op: step.operation, shape: weight.shape,
          parameters: weight.count + bias, macs: step.multiplyAccumulates,
          density: choice.density, patterns: ZeroPattern(weight).fittingPatterns(),
          encoding: choice.name, reason: choice.reason))
    }
  }

  /// Inspects a packed model.
  public init(_ model: borrowing Model) {
    device = model.device.isEmpty ? nil : model.device
    parameters = 0
    nonzero = 0
    macs = 0
    layers = []
    for index in 0..<model.stepCount {
      let step = model.step(index)
      macs = macs.addingSaturated(Int(clamping: step.multiplyAccumulates))
      guard let shape = step.weightShape, let kept = step.nonzeroCount else { continue }
      let count = shape.rows * shape.columns
      parameters += count
      nonzero += kept
      let encoding = step.encoding ?? "dense"
      layers.append(
        Layer(
          name: step.name, op: step.operation, shape: [shape.rows, shape.columns],
          parameters: count, macs: Int(clamping: step.multiplyAccumulates),
          density: step.density ?? 1, patterns: step.isPruned ? [encoding] : [],
          encoding: encoding, reason: step.reason, chosenNanoseconds: step.chosenNanoseconds,
          denseNanoseconds: step.denseNanoseconds))
    }
  }
}

extension Int {
  /// The sum of two counts; the largest number where it is larger than any.
  fileprivate func addingSaturated(_ other: Int) -> Int {
    let (sum, hasOverflown) = addingReportingOverflow(other)
    return hasOverflown ? .max : sum
  }
}

extension Specialised {
  /// Elements of the constant that a layer's node adds to its result: its third input.
  fileprivate func biasCount(ofNode name: String) -> Int {
    guard let node = graph.nodes.first(where: { $0.name == name }), node.inputs.count > 2,
      let bias = node.inputs[2]
    else { return 0 }
    return constants[bias]?.count ?? 0
  }

  /// Constants that remaining nodes read, each once.
  fileprivate var usedConstants: [Tensor] {
    let used = Set(graph.nodes.flatMap { $0.inputs.compactMap { $0 } })
    return used.sorted().compactMap { constants[$0] }
  }
}
