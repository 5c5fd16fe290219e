internal import EspalierBoard
public import EspalierExecutor
public import EspalierGraph
public import EspalierMeasure
public import EspalierONNX

/// Why something was refused or failed: lines a person can act on, and the command's exit code.
public struct EspalierError: Error, Sendable, CustomStringConvertible {
  /// A sysexits code: 65 bad model data, 66 no input, 69 unavailable, 73 cannot create, 74 I/O.
  public var exitCode: Int32
  /// What is wrong, with codes and places; one line per problem.
  public var description: String

  public init(exitCode: Int32, _ description: String) {
    self.exitCode = exitCode
    self.description = description
  }

  init(_ problems: GraphProblems, in file: String) {
    self.init(exitCode: 65, problems.problems.map { "\(file): \($0)" }.joined(separator: "\n"))
  }
  init(_ error: GraphError, in file: String) {
    self.init(exitCode: 65, "\(file): \(error)")
  }
  init(_ error: LoadError, in file: String) {
    self.init(exitCode: error.exitCode, "\(file): \(error)")
  }
}

/// Text with control and bidirectional-override characters written as escapes.
///
/// Names come from files, and a terminal obeys what it prints.
public func escapingControls(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    let isBidirectional =
      (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
      || scalar.value == 0x200E || scalar.value == 0x200F || scalar.value == 0x061C
    let isControl =
      (scalar.value < 0x20 && scalar != "\n" && scalar != "\t")
      || (0x7F...0x9F).contains(scalar.value)
    if isControl || isBidirectional {
      result += "\\u{\(String(scalar.value, radix: 16))}"
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}
