import EspalierGraph
import EspalierLowering
import EspalierModelFile
import EspalierOperatorCases

extension StepCase {
  /// The operators' cases that become one step of another kind than those given.
  static func lowered(but known: Set<StepKind>) -> [StepCase] {
    OperatorKind.allCases.flatMap(\.cases).compactMap { StepCase($0) }
      .filter { $0.kinds.count == 1 && known.isDisjoint(with: $0.kinds) }
  }

  /// A node as it is converted, with the reference evaluation's outputs; nil where the runtime takes no
  /// such node, or where nothing comes of it.
  private init?(_ node: OperatorCase) {
    let (graph, given) = node.graph(holding: node.decisive)
    guard let typed = try? Specialised(graph),
      let model = try? lower(typed, options: LoweringOptions(), source: node.description),
      let results = try? Interpreter(typed).run(given)
    else { return nil }
    let description = model.description
    func values(_ tensors: [String: Tensor], of numbers: [Int]) -> [Values]? {
      let found = numbers.compactMap { number in
        tensors[description.tensors[number].name].map {
          Values($0, as: description.tensors[number].type)
        }
      }
      return found.count == numbers.count ? found : nil
    }
    guard let inputs = values(given, of: description.inputs),
      let outputs = values(results, of: description.outputs),
      results.values.allSatisfy({ $0.count > 0 })
    else { return nil }
    self.init(node.description, inputs: inputs, outputs: outputs) { $0.description = description }
  }
}

extension Values {
  /// A tensor's elements in one of the runtime's types.
  fileprivate init(_ tensor: Tensor, as type: ElementCode) {
    switch type {
    case .f32: self = .floats(tensor.floats)
    case .i64: self = .int64(tensor.integers)
    case .i32: self = .int32(tensor.integers.map { Int32(truncatingIfNeeded: $0) })
    case .u8, .i8, .bool: self = .bytes(tensor.integers.map { UInt8(truncatingIfNeeded: $0) })
    }
  }
}
