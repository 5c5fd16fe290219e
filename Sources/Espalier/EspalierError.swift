internal import EspalierBoard
internal import EspalierExecutor
internal import EspalierGraph
internal import EspalierHost
internal import EspalierLatencyReport
internal import EspalierMeasure
internal import EspalierONNX
internal import EspalierPruning
internal import EspalierTensorFiles

/// Why something was refused or failed: lines a person can act on, and the command's exit code.
public struct EspalierError: Error, Sendable, CustomStringConvertible {
  /// A sysexits code: 64 usage, 65 bad model data, 66 no input, 69 unavailable (an instruction set, cores,
  /// a device), 70 internal, 73 cannot create, 74 I/O, 78 a recipe that is not right.
  public var exitCode: Int32
  /// What is wrong, with codes and places; one line per problem.
  public var description: String

  public init(exitCode: Int32, _ description: String) {
    self.exitCode = exitCode
    self.description = description
  }

  init(_ problems: GraphProblems, in file: String) {
    let isOurs = problems.problems.contains { $0.code == .internalFault }
    self.init(exitCode: isOurs ? 70 : 65, Self.lines(problems.problems, file))
  }
  init(_ failure: ImportFailure, in file: String) {
    self.init(
      exitCode: failure.reason == .unreadable ? 66 : 65, Self.lines(failure.problems, file))
  }
  init(_ error: GraphError, in file: String) {
    self.init(exitCode: 65, Self.lines([error], file))
  }
  /// A load error names its file already.
  init(_ error: LoadError) {
    self.init(exitCode: error.exitCode, error.description)
  }

  init(_ failure: PruningFailure, in file: String) {
    switch failure {
    case .graph(let problems): self.init(problems, in: file)
    case .pruning(let error): self.init(error, in: file)
    }
  }
  init(_ error: PruningError, in file: String) {
    self.init(
      exitCode: error.code == .badExclusion ? 64 : 65, escapingControls("\(file): \(error)"))
  }
  init(_ error: HostError) { self.init(exitCode: error.exitCode, error.description) }
  init(_ error: TensorFileError) {
    self.init(exitCode: error.exitCode, escapingControls(error.description, keepsLines: false))
  }

  /// One line for each problem, whatever names the file has put into them.
  static func lines(_ problems: [GraphError], _ file: String) -> String {
    problems.map { escapingControls("\(file): \($0)", keepsLines: false) }.joined(separator: "\n")
  }
}
