internal import EspalierBoard
internal import EspalierExecutor
internal import EspalierMeasure

/// The board's command: runs and measures model files, without Foundation or a Swift runtime.
enum Program {
  static let usage = """
    usage: espalier-board run MODEL.esp --input NAME=FILE.npy ... -o DIR [--threads N] [--isa NAME]
           espalier-board bench MODEL.esp [--input NAME=FILE.npy ...] [--threads N] [--isa NAME] \
    [--json]

    """

  /// Runs the command. Exit codes: 0, 64 usage, 65 bad data, 66 no input, 69 unavailable, 73 cannot
  /// create.
  static func run(_ words: [String]) -> Int32 {
    do throws(Failure) {
      let arguments = try Arguments(words)
      switch arguments.command {
      case .help: Board.print(usage)
      case .run: try runModel(arguments)
      case .bench: try benchModel(arguments)
      }
      return 0
    } catch {
      Board.print("espalier-board: \(error.message)\n", toError: true)
      if error.exitCode == 64 { Board.print(usage, toError: true) }
      return error.exitCode
    }
  }
}

/// Why the command failed, and its exit code.
struct Failure: Error {
  var exitCode: Int32
  var message: String

  static func usage(_ message: String) -> Failure { Failure(exitCode: 64, message: message) }
  static func data(_ message: String) -> Failure { Failure(exitCode: 65, message: message) }
}

/// What C's `main` calls.
@c(espalier_board_main)
public func boardMain(
  _ count: Int32, _ arguments: UnsafePointer<UnsafeMutablePointer<CChar>?>
) -> Int32 {
  var words: [String] = []
  for position in 1..<max(Int(count), 1) {
    if let word = unsafe arguments[position] { words.append(unsafe String(cString: word)) }
  }
  return Program.run(words)
}
