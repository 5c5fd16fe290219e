import EspalierGraph
import EspalierOperatorCases
import EspalierSeeded
import Testing

/// Every operator's cases on the reference evaluation, as they stand and with things changed.
@Suite struct OperatorCaseTests {
  @Test(arguments: OperatorKind.allCases)
  func `every case is evaluated to the types that were inferred`(kind: OperatorKind) throws {
    #expect(kind.cases.count >= 3)
    for node in kind.typedCases {
      let all = Set(node.inputs.indices)
      let types = try node.types(knowing: node.decisive)
      #expect(try node.types(knowing: all) == types, "\(node)")
      let operation = try kind.definition.init(node.context)
      #expect(try operation.evaluate(node.inputs).map(\.type) == types, "\(node)")
      #expect(operation.multiplyAccumulates(node.inputs.map { $0?.type }, types) >= 0, "\(node)")
    }
  }

  /// Nodes and their accepted changes are an error or a result of the promised type, never a trap.
  @Test(arguments: OperatorKind.allCases)
  func `changed cases are errors, or evaluated as inferred`(kind: OperatorKind) throws {
    let seed = kind.rawValue.utf8.reduce(17) { $0 &* 31 &+ UInt64($1) }
    var random = Seeded(seed: seed)
    let (cases, rounds) = (kind.cases, 1000)
    var (accepted, refused) = (0, 0)
    for round in 0..<rounds {
      let node = random.pick(cases).mutated(&random)
      do throws(GraphError) {
        let operation = try kind.definition.init(node.context)
        let types = try operation.infer(node.inputs.map { $0.map { OperatorInput($0) } })
        // A shape rule may allow what is too large to compute in a test.
        guard types.allSatisfy({ $0.count < 1 << 20 }) else { continue }
        let results = try operation.evaluate(node.inputs)
        #expect(results.map(\.type) == types, "\(node), seed \(seed), round \(round)")
        _ = operation.multiplyAccumulates(node.inputs.map { $0?.type }, types)
        accepted += 1
      } catch {
        refused += 1
      }
    }
    print(
      "changed nodes of \(kind.rawValue): \(accepted) accepted, \(refused) refused of \(rounds)")
    // Changes that are all refused, or that all leave a node right, would prove little.
    #expect(accepted * 3 >= rounds, "seed \(seed)")
    #expect(refused * 20 >= rounds, "seed \(seed)")
  }
}
