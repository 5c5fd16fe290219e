import EspalierGraph
import EspalierModelFile
import EspalierONNX
import Foundation

/// Which steps and packings, or which operators, the seeds have and the executions ran. One that is
/// nowhere is a row that says so.
struct Report {
  private var rows: [[String]] = []
  private(set) var isComplete = true

  init(of target: String, seeds: String, tallies: [String]) throws {
    let ran = try Tally(tallies)
    let folder = URL(fileURLWithPath: seeds)
    let files = try FileManager.default.contentsOfDirectory(atPath: seeds).map {
      [UInt8](try Data(contentsOf: folder.appendingPathComponent($0)))
    }
    switch target {
    case "model":
      var (kinds, packings) = ([UInt16: Int](), [UInt8: Int]())
      for file in files { count(file, &kinds, &packings) }
      rows.append(["step", "in seeds", "run"])
      for kind in StepKind.allCases {
        add("\(kind)", kinds[kind.rawValue] ?? 0, ran["kind", Int(kind.rawValue)])
      }
      rows.append(["packing", "in seeds", "run"])
      for packing in WeightPacking.allCases {
        add("\(packing)", packings[packing.rawValue] ?? 0, ran["packing", Int(packing.rawValue)])
      }
    case "importer":
      var operators = [String: Int]()
      for file in files {
        for node in (try? importONNX(bytes: file))?.nodes ?? [] {
          operators[node.operation, default: 0] += 1
        }
      }
      rows.append(["operator", "in seeds", "typed"])
      for (index, kind) in OperatorKind.allCases.enumerated() {
        add(kind.rawValue, operators[kind.rawValue] ?? 0, ran["operator", index])
      }
    default: throw CocoaError(.fileNoSuchFile)
    }
  }

  private mutating func add(_ name: String, _ seeds: Int, _ run: Int) {
    let isMissing = seeds == 0 || run == 0
    rows.append([name, "\(seeds)", "\(run)"] + (isMissing ? ["MISSING"] : []))
    if isMissing { isComplete = false }
  }

  private func count(
    _ file: [UInt8], _ kinds: inout [UInt16: Int], _ packings: inout [UInt8: Int]
  ) {
    try? VerifiedModel.withCopy(of: file) { model throws(ModelFileError) in
      try model.checkSemantics()
      for index in 0..<model.stepCount {
        let step = model.step(index)
        kinds[step.kindCode, default: 0] += 1
        if let weight = step.weight { packings[model.weight(weight).packingCode, default: 0] += 1 }
      }
    }
  }

  /// The rows, their columns aligned.
  var text: String {
    let widths = (0..<3).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      row.enumerated().map { column, cell in
        guard column < 3 else { return cell }
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + space : space + cell
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}

/// What fuzzed programs counted, added up: lines of a name, a number for some, and a count.
struct Tally {
  private var counts: [String: Int] = [:]

  init(_ paths: [String]) throws {
    for path in paths {
      for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
        let words = line.split(separator: " ")
        guard let last = words.last, let count = Int(last) else { continue }
        counts[words.dropLast().joined(separator: " "), default: 0] += count
      }
    }
  }

  subscript(name: String, which: Int) -> Int { counts["\(name) \(which)"] ?? 0 }
}
