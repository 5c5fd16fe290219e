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
    let values = reference.randomInputs(seed: seed).merging(reference.matching(inputs)) { $1 }
    let results =
      if isPackedModel(model) {
        try runPacked(
          model, values, bound, threads: threads, instructionSet: instructionSet)
      } else {
        try interpretBound(model, values, bound, inputShapes: shapes)
      }
    let expected = try interpret(
      reference, inputs: values, file: original, progress: progress)
    self.init(
      Dictionary(results.map { ($0.name, $0.tensor) }) { $1 }, against: expected,
      tolerance: tolerance)
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
    var merged: Verification?
    var set = 0
    while FileManager.default.fileExists(atPath: "\(folder)/test_data_set_\(set)") {
      let data = "\(folder)/test_data_set_\(set)"
      let inputs = try caseTensors(data, "input", names: graph.inputs.map { graph.values[$0].name })
      let outputs = try caseTensors(
        data, "output", names: graph.outputs.map { graph.values[$0].name })
      let results = try runCase(
        graph, path: path, model: model, inputs: inputs,
        bound: try graph.inputTensors(inputValues, file: path), onRuntime: onRuntime,
        threads: threads, instructionSet: instructionSet)
      let verification = Verification(
        Dictionary(results.map { ($0.name, $0.tensor) }) { $1 }, against: outputs,
        tolerance: tolerance)
      merged = merged.map { $0.joined(with: verification) } ?? verification
      set += 1
    }
    guard let merged else {
      throw EspalierError(exitCode: 66, "\(folder): no test_data_set_0")
    }
    self = merged
  }
}

/// Runs a packed model on values, and on those of others that it takes as inputs.
private func runPacked(
  _ path: String, _ values: [String: Tensor], _ others: [String: Tensor], threads: Int,
  instructionSet: InstructionSet?
) throws(EspalierError) -> [(name: String, tensor: Tensor)] {
  let model = try loadModel(path)
  var all = values
  for position in 0..<model.inputs.count {
    let name = model.inputs[position].name
    if let other = others[name] { all[name] = other }
  }
  return try model.run(all, threads: threads, instructionSet: instructionSet)
}

/// Runs another ONNX model, with inputs bound as far as it has them.
private func interpretBound(
  _ path: String, _ values: [String: Tensor], _ bound: [String: Tensor],
  inputShapes: [String: [Int]]
) throws(EspalierError) -> [(name: String, tensor: Tensor)] {
  let graph = try Graph(contentsOf: path)
  let names = Set(graph.inputs.map { graph.values[$0].name })
  let typed = try specialise(
    graph, inputShapes: inputShapes, binding: bound.filter { names.contains($0.key) }, file: path)
  return try interpret(typed, inputs: values, file: path)
}

private func runCase(
  _ graph: Graph, path: String, model: String?, inputs: [(name: String, tensor: Tensor)],
  bound given: [String: Tensor], onRuntime: Bool, threads: Int, instructionSet: InstructionSet?
) throws(EspalierError) -> [(name: String, tensor: Tensor)] {
  var values = Dictionary(inputs.map { ($0.name, $0.tensor) }) { $1 }.merging(given) { $1 }
  let shapes = values.mapValues(\.shape)
  if let model, isPackedModel(model) {
    // What was bound when the model was packed is no input of it any more.
    let names = Set(graph.inputs.map { graph.values[$0].name })
    return try runPacked(
      model, values.filter { !names.contains($0.key) }, values, threads: threads,
      instructionSet: instructionSet)
  }
  // Inputs that decide shapes must be constants; all others stay inputs, so that something is run.
  func attempt(
    binding names: Set<String>
  ) throws(EspalierError) -> (typed: Specialised, bytes: [UInt8]?) {
    let typed = try specialise(
      graph, inputShapes: shapes,
      binding: values.filter { names.contains($0.key) || given[$0.key] != nil }, file: path)
    return (typed, onRuntime ? try Conversion(typed, file: path).bytes() : nil)
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
  guard let bytes = ready.bytes else {
    return try interpret(ready.typed, inputs: values, file: path)
  }
  return try loadModel(bytes: bytes, name: path).run(
    values, threads: threads, instructionSet: instructionSet)
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

extension Verification {
  fileprivate func joined(with other: Verification) -> Verification {
    var result = self
    result.outputs += other.outputs
    result.pass = pass && other.pass
    return result
  }
}
