import EspalierCoupling
import EspalierGraph

extension PruningReport {
  /// Notes how many parameters and operations the dense graph has for each one that remains.
  /// - Parameter pruned: With zeros, or also without what is dead.
  mutating func countCosts(_ dense: Graph, _ pruned: Graph, _ inputShapes: [String: [Int]]) {
    let count = dense.parameters().reduce(0) { $0 + dense.values[$1].constant!.count }
    let nonzero = pruned.nonzeroParameterCount
    parametersRatio = nonzero == 0 ? nil : Double(count) / Double(nonzero)
    // Without the inputs' shapes there is nothing to count, but zeros need none.
    let typed = try? Specialised(dense, inputShapes: inputShapes, purpose: .rewriting)
    opaque = typed?.opaqueNodes ?? dense.opaqueNodes()
    (multiplyAccumulates, liveMultiplyAccumulates, flopsRatio) = (nil, nil, nil)
    guard let typed,
      let rest = try? Specialised(pruned, inputShapes: inputShapes, purpose: .rewriting)
    else { return }
    let all = typed.graph.nodes.indices.reduce(0) { $0 + typed.multiplyAccumulates(ofNode: $1) }
    let live = LiveCount(Coupling(of: rest)).live
    multiplyAccumulates = all
    liveMultiplyAccumulates = Int(live.rounded())
    flopsRatio = live > 0 ? Double(all) / live : nil
  }
}

extension Graph {
  /// Parameters that are not zero.
  var nonzeroParameterCount: Int {
    parameters().reduce(0) { $0 + values[$1].constant!.nonzeroCount }
  }
}
