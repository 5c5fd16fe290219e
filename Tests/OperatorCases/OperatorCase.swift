public import EspalierGraph
internal import EspalierSeeded

/// A small node that every part of the program must understand: valid attributes, inputs with values.
///
/// `OperatorKind.cases` lists them. The reference, the fast evaluation, the runtime, coupling and the
/// mutation tests all take their nodes from there.
public struct OperatorCase: Sendable, CustomStringConvertible {
  public var kind: OperatorKind
  /// What is special about it.
  public var name: String
  /// Values of the inputs; nil where left out.
  public var inputs: [Tensor?]
  public var attributes: [String: Attribute]
  public var opset: Int
  /// Number of outputs the node names.
  public var outputs: Int

  public var description: String { "\(kind.rawValue): \(name)" }

  /// What the operator may read of the node.
  public var context: NodeContext {
    NodeContext(
      attributes: attributes, opset: opset, inputs: inputs.map { $0 != nil }, outputCount: outputs)
  }

  /// The outputs' types as the shape rule gives them, with some inputs' values known to it.
  public func types(knowing constants: Set<Int>) throws -> [TensorType] {
    try kind.definition.init(context).infer(
      inputs.enumerated().map { index, tensor in
        tensor.map {
          OperatorInput($0.type, constant: constants.contains(index) ? $0 : nil)
        }
      })
  }

  /// The inputs whose values decide shapes, so that a file must hold them.
  public var decisive: Set<Int> {
    var constants = Set(inputs.indices.filter { inputs[$0] != nil })
    for index in inputs.indices where constants.remove(index) != nil {
      if (try? types(knowing: constants)) == nil { constants.insert(index) }
    }
    return constants
  }

  /// The node alone in a graph, some of its inputs held by the file, and the values of the others.
  public func graph(holding constants: Set<Int>) -> (graph: Graph, values: [String: Tensor]) {
    var graph = Graph()
    graph.opset = opset
    var values: [String: Tensor] = [:]
    let ids = inputs.enumerated().map { index, tensor -> Graph.ValueID? in
      guard let tensor else { return nil }
      if constants.contains(index) { return graph.addConstant("c\(index)", tensor) }
      values["x\(index)"] = tensor
      return graph.addInput("x\(index)", tensor.type)
    }
    graph.outputs = graph.addNode(
      kind.rawValue, ids, outputs: outputs, name: "y", attributes: attributes)
    return (graph, values)
  }

  /// The same node with all inputs of one type in another; nil where the operator does not take it.
  func retyped(_ own: ElementType, as type: ElementType) -> OperatorCase? {
    guard own != type, type != .string else { return nil }
    var result = self
    result.name += " in \(type)"
    for (index, tensor) in inputs.enumerated() where tensor?.elementType == own {
      let values = tensor!.doubles.map { value in
        guard !type.isFloatingPoint, own.isFloatingPoint else { return value }
        // Whole numbers that differ; none is 0 where it might divide.
        let whole = (value * 5).rounded(.awayFromZero)
        let signed = [.uint8, .uint16, .uint32, .uint64].contains(type) ? abs(whole) : whole
        return type == .bool ? (value > 0 ? 1 : 0) : index > 0 && signed == 0 ? 1 : signed
      }
      result.inputs[index] = Tensor(elementType: type, shape: tensor!.shape, doubles: values)
    }
    return (try? result.types(knowing: decisive)) == nil ? nil : result
  }
}

extension OperatorKind {
  /// The cases as they stand, and the first of them in every other type that its shape rule accepts, be
  /// it of the first input or, where that holds a condition or places, of the data.
  public var typedCases: [OperatorCase] {
    let cases = cases
    guard let first = cases.first else { return [] }
    let types = first.inputs.compactMap { $0?.elementType }
    let (lead, data) = (types.first, types.first(where: \.isFloatingPoint))
    let varied = data == lead ? [lead] : [lead, data]
    return cases
      + varied.compactMap(\.self).flatMap { own in
        ElementType.allCases.compactMap { first.retyped(own, as: $0) }
      }
  }
}

/// Makes the cases of one kind, with random values whose seed is the kind's own.
struct CaseBuilder {
  private var random: Seeded
  let kind: OperatorKind
  private(set) var cases: [OperatorCase] = []

  init(_ kind: OperatorKind) {
    self.kind = kind
    random = Seeded(seed: kind.rawValue.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
  }

  mutating func add(
    _ name: String, _ inputs: [Tensor?], _ attributes: [String: Attribute] = [:], opset: Int = 23,
    outputs: Int = 1
  ) {
    cases.append(
      OperatorCase(
        kind: kind, name: name, inputs: inputs, attributes: attributes, opset: opset,
        outputs: outputs))
  }

  /// Numbers between -1 and 1.
  mutating func some(_ shape: [Int]) -> Tensor { random.tensor(shape) }
  mutating func some(_ shape: Int...) -> Tensor { random.tensor(shape) }

  /// Numbers between 0.5 and 1.5.
  mutating func positive(_ shape: [Int]) -> Tensor { random.tensor(shape, scale: 0.5, around: 1) }
  mutating func positive(_ shape: Int...) -> Tensor { positive(shape) }

  /// Small integers of either sign, none of them 0.
  mutating func whole(_ shape: [Int]) -> Tensor {
    Tensor(
      integers: (0..<shape.reduce(1, *)).map { _ in
        Int64(random.next(in: 1...6)) * (random.next(in: 0...1) == 0 ? 1 : -1)
      }, shape: shape)
  }

  mutating func truth(_ shape: [Int]) -> Tensor {
    Tensor(
      booleans: (0..<shape.reduce(1, *)).map { _ in random.next(in: 0...1) == 0 }, shape: shape)
  }
}

/// A list of integers as a tensor of one axis.
func list(_ values: Int64...) -> Tensor { Tensor(integers: values) }
/// An integer as a tensor without axes.
func scalar(_ value: Int64) -> Tensor { Tensor(integers: [value], shape: []) }
func text(_ value: String) -> Attribute { .string(Array(value.utf8)) }

extension Tensor {
  /// The same numbers in another element type.
  func of(_ type: ElementType) -> Tensor {
    Tensor(elementType: type, shape: shape, doubles: doubles)
  }
}
