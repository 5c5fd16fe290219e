import EspalierGraph
import EspalierHost
import EspalierLowering
import Foundation
import Testing

@testable import Espalier

/// Every instruction set that this machine's kernels can run on.
let availableSets = InstructionSet.allCases.filter(\.isAvailable)

/// What pruning may leave behind: a pattern as the command spells it, and the share of zeros.
struct Zeros: Sendable, CustomTestStringConvertible {
  var pattern: String
  var sparsity: Double?

  var testDescription: String { pattern + (sparsity.map { " at \($0)" } ?? "") }

  static let all: [Zeros] =
    ["16x8", "8x8", "8x4", "4x4", "16x1", "8x1", "4x1"].map {
      Zeros(pattern: "block:\($0)", sparsity: 0.6)
    }
    + ["vnm:8:2:4", "vnm:4:2:4", "vnm:2:1:4", "nm:2:4", "nm:1:4", "nm:4:8"].map {
      Zeros(pattern: $0)
    }
    + [
      Zeros(pattern: "unstructured", sparsity: 0.5), Zeros(pattern: "unstructured", sparsity: 0.9),
    ]

  func applied(to graph: Graph) throws -> Graph {
    let pruner = try MagnitudePruner(
      pattern: PruningPattern(parsing: pattern), sparsity: sparsity, keepsFirstAndLast: false)
    return try pruner.pruned(graph).0
  }
}

/// A graph packed for the runtime, beside the reference's results on seeded inputs.
struct Packed {
  let conversion: Conversion
  let bytes: [UInt8]
  let inputs: [String: Tensor]
  let expected: [(name: String, tensor: Tensor)]

  /// - Parameter fastest: The encoding that is to be the fastest, as if a device had said so; nil for
  ///   the cost model's choice.
  init(_ graph: Graph, seed: UInt64, keepsDense: Bool = false, fastest: String? = nil) throws {
    let typed = try specialise(graph, file: "test")
    conversion = try Conversion(
      typed, file: "test", keepsDense: keepsDense, timer: fastest.map(Self.timer), progress: nil)
    bytes = try conversion.bytes()
    inputs = typed.randomInputs(seed: seed)
    expected = try interpret(typed, inputs: inputs, file: "test")
  }

  /// A device on which an encoding is the fastest, in row pairs where those can hold it.
  private static func timer(_ encoding: String) -> HostTimer {
    HostTimer(
      options: MeasuringOptions(), cacheFolder: "/no cache",
      identity: MachineIdentity(processorFacts: "", program: Data())
    ) { layer in
      let ways = layer.key.components(separatedBy: " | ").last!.components(separatedBy: ", ")
      return ways.map { way in
        way == "\(encoding) in row pairs" ? 400 : way.hasPrefix("\(encoding) in") ? 500 : 1000
      }
    }
  }

  func results(
    threads: Int = 1, instructionSet: InstructionSet? = nil
  ) throws -> [(name: String, tensor: Tensor)] {
    try loadModel(bytes: bytes, name: "test").run(
      inputs, threads: threads, instructionSet: instructionSet)
  }

  /// The outputs that differ by more than 1e-4 of their range, with how much.
  func differences(_ results: [(name: String, tensor: Tensor)]) -> [String] {
    zip(results, expected).compactMap { result, expected in
      difference(result.tensor, expected.tensor).map { "\(expected.name): \($0)" }
    } + (results.count == expected.count ? [] : ["\(results.count) outputs"])
  }
}

/// What is wrong with a result, or nil where it is within 1e-4 of the reference's range.
func difference(_ actual: Tensor, _ expected: Tensor) -> String? {
  guard actual.shape == expected.shape else {
    return "shape \(actual.shape) for \(expected.shape)"
  }
  let (a, b) = (actual.doubles, expected.doubles)
  guard b.allSatisfy(\.isFinite) else { return "the reference is not finite: a bad test" }
  let range = (b.max() ?? 0) - (b.min() ?? 0)
  // Where all values are nearly the same, their last bits are all the range there is.
  let magnitude = b.reduce(0) { max($0, abs($1)) }
  let limit = max(1e-4 * range, 1e-6 * magnitude)
  let worst = zip(a, b).reduce(0.0) { worst, pair in
    let distance = abs(pair.0 - pair.1)
    return distance.isNaN ? .infinity : max(worst, distance)
  }
  return worst <= limit ? nil : "off by \(worst) of a range of \(range)"
}
