internal import EspalierBoard
public import EspalierExecutor
public import EspalierGraph
internal import EspalierHost
public import EspalierMeasure
public import EspalierONNX
internal import EspalierPruning
internal import EspalierTensorFiles

/// Why something was refused or failed: lines a person can act on, and the command's exit code.
public struct EspalierError: Error, Sendable, CustomStringConvertible {
  /// A sysexits code: 65 bad model data, 66 no input, 69 unavailable, 70 internal, 73 cannot create, 74 I/O.
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

/// Text with control and bidirectional-override characters written as escapes.
///
/// Names come from files, and a terminal obeys what it prints.
/// - Parameter keepsLines: Whether line breaks and tabs stay, as in a message of several lines.
public func escapingControls(_ text: String, keepsLines: Bool = true) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    let isLayout = scalar == "\n" || scalar == "\t"
    if scalar.isBidirectionalControl || (scalar.isControl && !(isLayout && keepsLines)) {
      result += "\\u{\(String(scalar.value, radix: 16))}"
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// A JSON document with what encoders leave in place, and a terminal would obey, as JSON's escapes.
public func escapingJSON(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    if scalar.isBidirectionalControl || (0x7F...0x9F).contains(scalar.value) {
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}

extension Unicode.Scalar {
  fileprivate var isControl: Bool {
    value < 0x20 || (0x7F...0x9F).contains(value) || value == 0x2028 || value == 0x2029
  }
  fileprivate var isBidirectionalControl: Bool {
    (0x202A...0x202E).contains(value) || (0x2066...0x2069).contains(value)
      || value == 0x200E || value == 0x200F || value == 0x061C
  }
}
