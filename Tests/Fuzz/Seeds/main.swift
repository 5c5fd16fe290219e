// What fuzzed programs start from, and what of it they met.
//
//   usage: FuzzSeeds make DIRECTORY
//          FuzzSeeds report model|importer DIRECTORY TALLY ...
import Foundation

let arguments = CommandLine.arguments.dropFirst()
do {
  switch arguments.first {
  case "make" where arguments.count == 2:
    try Seeds(in: URL(fileURLWithPath: arguments[2])).make()
  case "report" where arguments.count >= 4:
    let report = try Report(of: arguments[2], seeds: arguments[3], tallies: Array(arguments[4...]))
    print(report.text)
    exit(report.isComplete ? 0 : 1)
  default:
    FileHandle.standardError.write(
      Data("usage: FuzzSeeds make DIRECTORY | report model|importer DIRECTORY TALLY ...\n".utf8))
    exit(64)
  }
} catch {
  FileHandle.standardError.write(Data("FuzzSeeds: \(error)\n".utf8))
  exit(74)
}
