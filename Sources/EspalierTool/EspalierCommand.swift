import ArgumentParser
import Espalier

/// The `espalier` command: convert, run and measure models.
@main
struct EspalierCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "espalier",
    abstract:
      "Prune neural networks, pack them for small machines, and prove that they got faster.",
    discussion: """
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
}
