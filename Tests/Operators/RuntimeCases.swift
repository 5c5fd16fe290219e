import Espalier
import EspalierGraph
import Testing

/// ONNX's node test cases once more, on the runtime.
@Test(.enabled(if: NodeCases.areAvailable))
func `ONNX's node cases run on the runtime but those listed as failing`() throws {
  let cases = try NodeCases.selected().names
  let listed = try NodeCases.failing()
  for name in cases {
    let failure = runtimeFailure(of: name)
    #expect(
      (failure != nil) == listed.contains(name), "\(name): \(failure ?? "passes but is listed")")
  }
}

/// Why a case fails on the runtime; `nil` if it passes.
private func runtimeFailure(of name: String) -> String? {
  do throws(EspalierError) {
    let result = try Verification(
      ofCase: "\(NodeCases.folder)/\(name)", onRuntime: true,
      tolerance: Tolerance(relative: 1e-3, absolute: 1e-5))
    let reasons = result.outputs.compactMap { $0.pass ? nil : $0.reason ?? $0.name }
    return result.pass ? nil : reasons.joined(separator: "; ")
  } catch {
    return "\(error)"
  }
}
