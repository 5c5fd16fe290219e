import ArgumentParser
import Espalier
import EspalierLatencyReport
import Foundation

/// What ends a command early: an exit code and a message for standard error.
struct Failure: Error {
  var code: ExitCodes
  var message: String
}

/// Exit codes of what the command itself finds; an `EspalierError` brings its own.
enum ExitCodes: Int32 {
  case comparisonFailed = 1
  case badData = 65
  case `internal` = 70
  case inputOutput = 74

  static let outputNotTaken = "standard output cannot be written whole"
}

/// Writes to standard error; where that cannot be written to there is nobody to tell, and work goes on.
func write(error text: String) {
  var bytes = Array(text.utf8)[...]
  while !bytes.isEmpty {
    let written = unsafe bytes.withUnsafeBytes { unsafe write(2, $0.baseAddress, $0.count) }
    if written < 0, errno == EINTR { continue }
    guard written > 0 else { return }
    bytes = bytes.dropFirst(written)
  }
}

/// Runs a command's body and turns what it throws into a message and an exit code; so it does with
/// results that standard output did not take.
func reporting(_ body: () throws -> Void) throws {
  do {
    try body()
    guard fflush(nil) == 0 else {
      throw Failure(code: .inputOutput, message: ExitCodes.outputNotTaken)
    }
  } catch let failure as Failure {
    say(failure.message)
    throw ExitCode(failure.code.rawValue)
  } catch let error as EspalierError {
    say(error.description)
    throw ExitCode(error.exitCode)
  } catch let exit as ExitCode {
    throw exit
  } catch let problem as ValidationError {
    throw problem
  } catch {
    say("\(error)")
    throw ExitCode(ExitCodes.internal.rawValue)
  }
}

/// Writes a line to standard error, with control and bidirectional characters escaped; behind what
/// has been printed before, where both go to one terminal or file.
func say(_ message: String) {
  fflush(nil)
  write(error: escapingControls(message) + "\n")
}
