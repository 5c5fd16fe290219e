internal import EspalierBoard
public import EspalierExecutor
public import EspalierGraph
internal import EspalierLatencyReport
internal import EspalierModelFile
internal import EspalierTensorFiles

extension Model {
  /// Runs the model once, on tensors by name. For run after run make a `Session`, which allocates nothing.
  /// - Returns: The outputs in the model's order.
  /// - Throws: `EspalierError`: 65 for a missing or ill-shaped input or a fault in the data, 69 for an
  ///   instruction set that this machine lacks.
  public borrowing func run(
    _ values: [String: Tensor], threads: Int = 1, instructionSet: InstructionSet? = nil
  ) throws(EspalierError) -> [(name: String, tensor: Tensor)] {
    var session = try session(values, threads, instructionSet)
    do throws(RunError) { try session.run() } catch {
      throw EspalierError(exitCode: 65, error.description)
    }
    var results: [(name: String, tensor: Tensor)] = []
    for position in 0..<outputs.count {
      let value = unsafe session.withOutput(position) { unsafe outputs[position].tensor($0) }
      results.append((outputs[position].name, value))
    }
    return results
  }

  /// Runs the model once, and lends every value that a step has made, with the step's name.
  /// - Throws: As `run`.
  package borrowing func run(
    _ values: [String: Tensor], threads: Int, instructionSet: InstructionSet?,
    observe: (_ step: String, _ value: String, Tensor) -> Void
  ) throws(EspalierError) {
    var session = try session(values, threads, instructionSet)
    let steps = (0..<stepCount).map { step($0).name }
    do throws(RunError) {
      try unsafe session.run { step, output, bytes in
        unsafe observe(steps[step], output.name, output.tensor(bytes))
      }
    } catch {
      throw EspalierError(exitCode: 65, error.description)
    }
  }

  /// A session whose inputs are set.
  private borrowing func session(
    _ values: [String: Tensor], _ threads: Int, _ instructionSet: InstructionSet?
  ) throws(EspalierError) -> Session {
    var session: Session
    do throws(ExecutorError) {
      session = try Session(self, threads: threads, instructionSet: instructionSet)
    } catch {
      throw EspalierError(exitCode: error.exitCode, error.description)
    }
    let names = (0..<inputs.count).map { inputs[$0].name }
    if let unknown = values.keys.sorted().first(where: { !names.contains($0) }) {
      throw Self.badInput(
        "the model has no input \"\(unknown)\"; it has \(names)")
    }
    for position in 0..<inputs.count {
      let info = inputs[position]
      guard let tensor = values[info.name] else {
        throw Self.badInput(
          "input \"\(info.name)\" is not given")
      }
      let shape = info.dims
      guard tensor.shape == shape else {
        throw Self.badInput(
          "input \"\(info.name)\" has shape \(tensor.shape) but the model takes \(shape)")
      }
      let code = ElementType(rawValue: info.element.rawValue)!
      let isAcceptable =
        code == tensor.elementType
        || (code == .float32 && tensor.elementType.isFloatingPoint)
      guard isAcceptable else {
        throw Self.badInput(
          "input \"\(info.name)\" is \(tensor.elementType) but the model takes \(code)")
      }
      unsafe tensor.boardBytes.withUnsafeBytes { unsafe session.setInput(position, from: $0) }
    }
    return session
  }
}

extension TensorInfo {
  /// The bytes as a tensor.
  fileprivate func tensor(_ bytes: UnsafeRawBufferPointer) -> Tensor {
    unsafe EspalierTensorFiles.tensor(ElementType(rawValue: element.rawValue)!, dims, bytes)
  }
}

extension Model {
  private static func badInput(_ message: String) -> EspalierError {
    let error = GraphError(.badInput, message)
    return EspalierError(exitCode: 65, escapingControls("\(error)", keepsLines: false))
  }
}

extension Tensor {
  /// The elements as a session takes them.
  fileprivate var boardBytes: [UInt8] {
    bytes(as: NumPyElement(rawValue: elementType.rawValue) ?? .float32)
  }
}
