internal import EspalierExecutor
public import EspalierGraph
internal import EspalierONNX
internal import Foundation

extension Verification {
  /// Compares a model with the ONNX model it was made from, on the same inputs: `espalier verify`.
  /// - Parameters:
  ///   - model: A packed model, or another ONNX model.
  ///   - original: The ONNX model, which runs in the reference interpreter.
  ///   - inputs: Values for some or all inputs; the others are random, from the seed.
  ///   - inputShapes: Shapes of inputs that the files leave open, by name.
  ///   - inputValues: Inputs that are constants, by name; see `Graph.binding(inputValues:file:)`.
  ///   - threads: Workers of a packed model.
  ///   - instructionSet: Kernels of a packed model; nil for the best this processor has.
  ///   - progress: Called with the share of the reference's work done, from 0 to 1.
  /// - Throws: `EspalierError`: 66 where a file is missing, 65 for models and inputs that do not fit, 69
  ///   for an instruction set that this machine lacks.
  public init(
    of model: String, against original: String, inputs: [String: Tensor] = [:],
    inputShapes: [String: [Int]] = [:], inputValues: [String: String] = [:], seed: UInt64 = 1,
    tolerance: Tolerance = Tolerance(), threads: Int = 1, instructionSet: InstructionSet? = nil,
    progress: ((Double) -> Void)? = nil
  ) throws(EspalierError) {
    var shapes = inputShapes
    for (name, tensor) in inputs where shapes[name] == nil { shapes[name] = tensor.shape }
    let source = try Graph(contentsOf: original)
    let bound = try source.inputTensors(inputValues, file: original)
    let reference = try specialise(
      source, inputShapes: shapes, binding: bound, file: original)
    try reference.checkInputSize(besides: Set(inputs.keys), file: original)
    let values = reference.randomInputs(seed: seed).merging(reference.matching(inputs)) { $1 }
    let run = try Self.run(
      of: model, values, bound, inputShapes: shapes, threads: threads,
      instructionSet: instructionSet)
    let expected = try interpret(
      reference, inputs: values, file: original, progress: progress)
    self.init(
      run, expected, CaseReference(graph: reference, inputs: values), tolerance: tolerance)
    failWhereAllIsNaN()
    warnings = source.warnings(
      inputShapes: shapes, given: Set(inputs.keys).union(inputValues.keys))
  }

  /// Compares, settles what only seems to differ, and looks for where the rest begins to.
  private init(
    _ run: ModelRun, _ expected: [(name: String, tensor: Tensor)], _ reference: CaseReference?,
    tolerance: Tolerance
  ) {
    let results = Dictionary(run.results.map { ($0.name, $0.tensor) }) { $1 }
    self.init(
      results, against: expected, tolerance: tolerance,
      rounding: reference?.graph.roundingOfOutputs ?? [:],
      knownRanges: reference?.graph.knownRangesOfOutputs ?? [:])
    guard !pass, let reference else { return }
    settleTies(results, expected, reference.graph, reference.inputs, tolerance)
    guard !pass else { return }
    firstDifference = FirstDifference.search(
      run.model, run.values, against: reference.graph, reference.inputs, tolerance)
  }

  /// Runs an ONNX test case: `model.onnx` beside `test_data_set_N/{input,output}_K.pb`.
  /// - Parameters:
  ///   - model: Another model file to run in place of the case's own.
  ///   - inputValues: Inputs that are constants, by name, whatever the case gives them.
  ///   - onRuntime: Whether the runtime runs it, not the reference interpreter.
  /// - Throws: `EspalierError`: 66 where the case is not there, 65 for what cannot be run.
  package init(
    ofCase folder: String, model: String? = nil, inputValues: [String: String] = [:],
    onRuntime: Bool, tolerance: Tolerance, threads: Int = 1,
    instructionSet: InstructionSet? = nil
  ) throws(EspalierError) {
    let path = "\(folder)/model.onnx"
    let graph = try Graph(contentsOf: path)
    try graph.checkCaseIsOfTensors(path)
    var merged: Verification?
    var set = 0
    while FileManager.default.fileExists(atPath: "\(folder)/test_data_set_\(set)") {
      let data = "\(folder)/test_data_set_\(set)"
      let inputs = try caseTensors(data, "input", names: graph.inputs.map { graph.values[$0].name })
      let outputs = try caseTensors(
        data, "output", names: graph.outputs.map { graph.values[$0].name })
      let (run, reference) = try runCase(
        graph, path: path, model: model, inputs: inputs,
        bound: try graph.inputTensors(inputValues, file: path), onRuntime: onRuntime,
        threads: threads, instructionSet: instructionSet)
      let verification = Verification(run, outputs, reference, tolerance: tolerance)
      merged = merged.map { $0.joined(with: verification) } ?? verification
      set += 1
    }
    guard let merged else {
      throw EspalierError(exitCode: 66, "\(folder): no test_data_set_0")
    }
    self = merged
  }
}

/// What a model gave, and how it is run again.
private struct ModelRun {
  var results: [(name: String, tensor: Tensor)]
  var model: ObservedModel
  var values: [String: Tensor]
}

/// A reference's graph and its inputs.
private struct CaseReference {
  var graph: Specialised
  var inputs: [String: Tensor]
}

/// The names of a model's inputs.
/// - Throws: `EspalierError` as for reading it.
package func inputNames(ofModel path: String) throws(EspalierError) -> [String] {
  guard !isPackedModel(path) else {
    let model = try loadModel(path)
    return model.inputs.map(\.name)
  }
  let graph = try Graph(contentsOf: path)
  return graph.inputs.map { graph.values[$0].name }
}

extension Specialised {
  /// Elements of inputs for which values are made up.
  private static let mostRandomElements = 1 << 28

  /// Refuses to make up inputs that would fill the memory.
  /// - Throws: `EspalierError` (65).
  fileprivate func checkInputSize(besides given: Set<String>, file: String) throws(EspalierError) {
    for id in graph.inputs where !given.contains(graph.values[id].name) {
      guard type(of: id).count > Self.mostRandomElements else { continue }
      let error = GraphError(
        .shapeTooLarge,
        "its shape \(type(of: id).shape) has more than \(Self.mostRandomElements) elements, and values "
          + "are made up for no more; give a smaller --input-shape, or values with --input",
        node: "input \"\(graph.values[id].name)\"")
      throw EspalierError(error, in: file)
    }
  }
}

extension Verification {
  /// Runs the model to be compared.
  private static func run(
    of path: String, _ values: [String: Tensor], _ bound: [String: Tensor],
    inputShapes: [String: [Int]], threads: Int, instructionSet: InstructionSet?
  ) throws(EspalierError) -> ModelRun {
    if isPackedModel(path) {
      return try runPacked(
        path, values, bound, threads: threads, instructionSet: instructionSet)
    }
    // Another ONNX model, with inputs bound as far as it has them.
    let graph = try Graph(contentsOf: path)
    let names = Set(graph.inputs.map { graph.values[$0].name })
    let typed = try specialise(
      graph, inputShapes: inputShapes, binding: bound.filter { names.contains($0.key) }, file: path)
    return ModelRun(
      results: try interpret(typed, inputs: values, file: path), model: .graph(typed, file: path),
      values: values)
  }
}

/// Runs a packed model on values, and on those of others that it takes as inputs.
private func runPacked(
  _ path: String, _ values: [String: Tensor], _ others: [String: Tensor], threads: Int,
  instructionSet: InstructionSet?
) throws(EspalierError) -> ModelRun {
  let model = try loadModel(path)
  var all = values
  for position in 0..<model.inputs.count {
    let name = model.inputs[position].name
    if let other = others[name] { all[name] = other }
  }
  return ModelRun(
    results: try model.run(all, threads: threads, instructionSet: instructionSet),
    model: .packed(.path(path), threads: threads, instructionSet: instructionSet), values: all)
}

private func runCase(
  _ graph: Graph, path: String, model: String?, inputs: [(name: String, tensor: Tensor)],
  bound given: [String: Tensor], onRuntime: Bool, threads: Int, instructionSet: InstructionSet?
) throws(EspalierError) -> (ModelRun, CaseReference?) {
  var values = Dictionary(inputs.map { ($0.name, $0.tensor) }) { $1 }.merging(given) { $1 }
  let shapes = values.mapValues(\.shape)
  // Inputs that decide shapes must be constants; all others stay inputs, so that something is run.
  func attempt(
    binding names: Set<String>
  ) throws(EspalierError) -> (typed: Specialised, bytes: [UInt8]?) {
    let typed = try specialise(
      graph, inputShapes: shapes,
      binding: values.filter { names.contains($0.key) || given[$0.key] != nil }, file: path)
    return (typed, onRuntime ? try Conversion(typed, file: path).bytes() : nil)
  }
  if let model, isPackedModel(model) {
    // What was bound when the model was packed is no input of it any more.
    let names = Set(graph.inputs.map { graph.values[$0].name })
    let run = try runPacked(
      model, values.filter { !names.contains($0.key) }, values, threads: threads,
      instructionSet: instructionSet)
    // What cannot be interpreted is compared all the same.
    let typed = try? specialise(graph, inputShapes: shapes, file: path)
    return (run, typed.map { CaseReference(graph: $0, inputs: values) })
  }
  var bound: Set<String> = []
  var ready: (typed: Specialised, bytes: [UInt8]?)
  do throws(EspalierError) {
    ready = try attempt(binding: [])
  } catch {
    bound = Set(
      values.filter { !$1.elementType.isFloatingPoint || $1.rank <= 1 }.map(\.key))
    let withoutBinding = error
    do throws(EspalierError) {
      ready = try attempt(binding: bound)
    } catch { throw withoutBinding }
    for name in bound.sorted() {
      guard let fewer = try? attempt(binding: bound.subtracting([name])) else { continue }
      ready = fewer
      bound.remove(name)
    }
  }
  for name in bound.union(given.keys) { values[name] = nil }
  let reference = CaseReference(graph: ready.typed, inputs: values)
  guard let bytes = ready.bytes else {
    let results = try interpret(ready.typed, inputs: values, file: path)
    return (
      ModelRun(results: results, model: .graph(ready.typed, file: path), values: values), reference
    )
  }
  let results = try loadModel(bytes: bytes, name: path).run(
    values, threads: threads, instructionSet: instructionSet)
  return (
    ModelRun(
      results: results,
      model: .packed(
        .bytes(bytes, name: path), threads: threads, instructionSet: instructionSet),
      values: values), reference
  )
}

extension Graph {
  /// Refuses inputs and outputs that are no tensors, whose files hold messages of other kinds.
  /// - Throws: `EspalierError` (65) that names each.
  fileprivate func checkCaseIsOfTensors(_ path: String) throws(EspalierError) {
    let named = inputs.map { ("input", $0) } + outputs.map { ("output", $0) }
    let lines = named.compactMap { kind, id in
      values[id].opaqueType.map { type in
        "\(path): \(kind) \"\(values[id].name)\" is \(nounOfOpaqueType(type)), and neither the reference nor "
          + "the runtime has any but tensors; make a case of the tensors in it: give each as an input of "
          + "its own, and let the model return what SequenceAt or OptionalGetElement takes out"
      }
    }
    guard lines.isEmpty else {
      throw EspalierError(exitCode: 65, lines.joined(separator: "\n"))
    }
  }
}

/// What a type of ONNX is that is no tensor's, by the numbers of TypeProto's fields.
private func nounOfOpaqueType(_ bytes: [UInt8]) -> String {
  var place = 0
  while place + 1 < bytes.count {
    switch bytes[place] >> 3 {
    case 4: return "a sequence"
    case 5: return "a map"
    case 8: return "a sparse tensor"
    case 9: return "an optional value"
    // A denotation, whose length stands behind its number.
    default: place += 2 + Int(bytes[place + 1])
    }
  }
  return "no tensor"
}

/// The tensors of a case in the order of the graph's values.
private func caseTensors(
  _ folder: String, _ kind: String, names: [String]
) throws(EspalierError) -> [(name: String, tensor: Tensor)] {
  var result: [(name: String, tensor: Tensor)] = []
  for (index, name) in names.enumerated() {
    let path = "\(folder)/\(kind)_\(index).pb"
    guard FileManager.default.fileExists(atPath: path) else {
      // An input may have a value of its own; an output that nobody compares has not passed.
      guard kind == "input" else {
        throw EspalierError(exitCode: 66, "\(path): there is no such file for output \"\(name)\"")
      }
      continue
    }
    do throws(ImportFailure) {
      result.append((name, try importTensor(contentsOf: path).tensor))
    } catch {
      throw EspalierError(exitCode: 65, "\(path): \(error)")
    }
  }
  return result
}
