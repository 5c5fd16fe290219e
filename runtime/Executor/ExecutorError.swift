public import EspalierModelFile

/// Why a model cannot be loaded or bound on this machine.
public enum ExecutorError: Error, Sendable {
  /// The file itself is refused by one of its gates.
  case file(ModelFileError)
  /// A step asks for what its kernel cannot do; the error names the rule, `node` the source node.
  case step(ModelFileError, node: String)
  /// The processor lacks the instruction set that was asked for.
  case instructionSetUnavailable(InstructionSet)
  /// The system refuses so many bytes.
  case outOfMemory(bytes: Int)
  /// Worker threads could not be started.
  case threadsUnavailable(count: Int)

  /// The command's exit code: 65 bad model data, 69 something this machine lacks.
  public var exitCode: Int32 {
    switch self {
    case .file, .step: 65
    case .instructionSetUnavailable, .outOfMemory, .threadsUnavailable: 69
    }
  }
}

/// Why a run stopped: a step met data it cannot accept. The outputs are then meaningless.
public struct RunError: Error, Sendable {
  public enum Fault: Sendable {
    /// An index tensor holds a number outside the axis it selects from.
    case indexOutOfRange
    /// An integer was divided by zero.
    case divisionByZero
    /// A kernel reported a fault this version has no name for.
    case other(Int32)
  }

  public var fault: Fault
  /// The step's number in the file.
  public var step: Int
}

extension ExecutorError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let error):
      error.description
    case .step(let error, let node):
      "\(error.description) (\(node)); convert the model again"
    case .instructionSetUnavailable(let set):
      "this processor has no \(set.name); the best it has is \(InstructionSet.best.name)"
    case .outOfMemory(let bytes):
      "the system refuses the \(bytes) bytes this model needs"
    case .threadsUnavailable(let count):
      "cannot start \(count) worker threads"
    }
  }
}

extension RunError: CustomStringConvertible {
  public var description: String {
    switch fault {
    case .indexOutOfRange: "step \(step): an index tensor points outside its axis"
    case .divisionByZero: "step \(step): integer division by zero"
    case .other(let code): "step \(step): fault \(code)"
    }
  }
}
