import CEspalierFuzz
import EspalierGraph
import EspalierLowering
import EspalierModelFile
import EspalierONNX

private let numbers = Dictionary(
  uniqueKeysWithValues: OperatorKind.allCases.enumerated().map { ($1.rawValue, UInt32($0)) })
/// So little is computed while a graph is typed that none may take long.
private let limits = FoldingLimits(
  bytesPerResult: 1 << 16, bytesInTotal: 1 << 18, multiplyAccumulates: 1 << 18)

/// Reads one file, gives every value its type, and lowers the graph.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  fuzz_tally(.FUZZ_EXECUTED, 0)
  guard let bytes = unsafe bytes else { return 0 }
  let file = unsafe Array(UnsafeBufferPointer(start: bytes, count: count))
  guard let graph = try? importONNX(bytes: file) else { return 0 }
  fuzz_tally(.FUZZ_IMPORTED, 0)
  // Symbolic extents are one thing or another, as the file's length has it.
  let shapes = graph.openShapes(as: count % 2 == 0 ? 1 : 3)
  guard let typed = try? Specialised(graph, inputShapes: shapes, limits: limits) else { return 0 }
  fuzz_tally(.FUZZ_TYPED, 0)
  // Those of the file, since folding takes some away.
  for node in graph.nodes {
    if let number = numbers[node.operation] { fuzz_tally(.FUZZ_OPERATOR, number) }
  }
  guard typed.isSmall, let model = try? lower(typed) else { return 0 }
  fuzz_tally(.FUZZ_LOWERED, 0)
  guard let written = try? model.description.bytes(threads: 1) else { return 0 }
  fuzz_see(written[written.count / 2])
  return 0
}

extension Graph {
  /// Shapes of the inputs that the file leaves open, with one extent for all that it does not know.
  fileprivate func openShapes(as extent: Int) -> [String: [Int]] {
    var shapes: [String: [Int]] = [:]
    for input in inputs {
      let known = (values[input].shape ?? []).map { dimension -> Int? in
        if case .fixed(let count) = dimension { count } else { nil }
      }
      if known.contains(nil) { shapes[values[input].name] = known.map { $0 ?? extent } }
    }
    return shapes
  }
}

extension Specialised {
  /// Whether no tensor is so large that packing the graph honestly takes long.
  fileprivate var isSmall: Bool { types.allSatisfy { ($0?.count ?? 0) <= 1 << 20 } }
}
