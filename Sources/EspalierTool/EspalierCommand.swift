import ArgumentParser
import Espalier
import EspalierLatencyReport
import Foundation

/// The `espalier` command: convert, run and measure models.
@main
struct EspalierCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "espalier",
    abstract:
      "Prune neural networks, pack them for small machines, and prove that they got faster.",
    discussion: """
      Examples:
        espalier check in.onnx
        espalier prune in.onnx -o small.onnx --pattern channel --budget flops:2
        espalier convert small.onnx -o small.esp
        espalier verify small.esp --against small.onnx
        espalier bench small.esp --profile

      Exit codes: 0 success; 1 a comparison failed; 64 usage; 65 bad model data; 66 no input; \
      69 an instruction set, cores or a device unavailable; 70 internal; 73 cannot create; 74 input \
      or output failed; 78 a recipe that is not right. \
      Messages go to standard error; with --json, standard output holds one JSON document. \
      The converter works on ESPALIER_THREADS threads, else on one for each core; what it makes does \
      not depend on how many.
      """,
    version: "0.1.0",
    subcommands: [
      Inspect.self, Check.self, Groups.self, Prune.self, Convert.self, Run.self, Verify.self,
      Bench.self, ZooCommand.self,
    ])

  func validate() throws {
    do throws(EspalierError) { try checkEnvironment() } catch {
      throw ValidationError(error.description)
    }
  }

  static func main() {
    Interruption.prepare()
    let arguments = Array(CommandLine.arguments.dropFirst())
    var command: any ParsableCommand.Type = Self.self
    do {
      var parsed = try parseAsRoot(arguments)
      command = type(of: parsed)
      try checkNothingTwice(arguments)
      try parsed.run()
    } catch {
      finish(with: error, of: command)
    }
  }

  /// Ends the program with an error's text and exit code; help is an error of code 0, whose text is the
  /// result.
  private static func finish(with error: any Error, of command: any ParsableCommand.Type) -> Never {
    let code = command.exitCode(for: error)
    // The parser knows the usage of a subcommand's own errors, but not of what it is a subcommand.
    let name = command.configuration.commandName ?? ""
    let text = escapingControls(command.fullMessage(for: error))
      .replacing("See '\(name) --help'", with: "See 'espalier \(name) --help'")
    guard !text.isEmpty else { Foundation.exit(code.rawValue) }
    guard code.isSuccess else {
      write(error: text + "\n")
      Foundation.exit(code.rawValue)
    }
    print(text)
    guard fflush(nil) == 0 else {
      write(error: ExitCodes.outputNotTaken + "\n")
      Foundation.exit(ExitCodes.inputOutput.rawValue)
    }
    Foundation.exit(0)
  }

  /// Options that may be given more than once.
  private static let repeatable: Set = [
    "--layers", "--exclude", "--scores", "--data", "--input", "--input-shape", "--input-value",
  ]

  /// Refuses an option that is given twice, of which the parser would take the last without a word.
  private static func checkNothingTwice(_ arguments: [String]) throws {
    var seen: Set<String> = []
    for argument in arguments.prefix(while: { $0 != "--" }) where argument.hasPrefix("-") {
      let given = String(argument.prefix { $0 != "=" })
      let name = given == "-o" ? "--output" : given
      guard !repeatable.contains(name) else { continue }
      guard seen.insert(name).inserted else {
        throw ValidationError("\(name) is given twice")
      }
    }
  }
}

extension CommandConfiguration {
  /// A subcommand of `espalier`, which its usage errors name.
  /// - Parameter examples: Command lines, a line each.
  static func subcommand(
    _ name: String, _ abstract: String, usage: String? = nil, discussion: String = "",
    examples: String
  ) -> CommandConfiguration {
    let lines = examples.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
    return CommandConfiguration(
      commandName: name, _superCommandName: "espalier", abstract: abstract, usage: usage,
      discussion: (discussion.isEmpty ? "" : discussion + "\n\n") + "Examples:\n" + lines)
  }
}
