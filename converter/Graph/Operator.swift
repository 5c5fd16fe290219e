/// One operator's whole meaning: attributes, shape rule and reference evaluation, on one page.
///
/// A conforming type stands in `Ops/<Op>.swift`. Its stored properties are the parsed attributes.
/// `evaluate` is the oracle for everything after it: slow, obvious, never optimised.
public protocol Operator: Sendable {
  /// Reads and checks the attributes. File data: every value is checked, none is believed.
  init(_ node: NodeContext) throws(GraphError)

  /// The types of the outputs, given what is known of the inputs (`nil` where left out).
  ///
  /// Checks the number, types and shapes of the inputs fully, so that `evaluate` may rely on them.
  func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType]

  /// The outputs' values. Called after `infer` accepted the same inputs.
  /// - Throws: `GraphError` for what only values show, such as an index out of range.
  func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor]

  /// The outputs' values where the inputs' types alone decide them, as they do a shape; else `nil`.
  func valuesKnownFromTypes(_ inputs: [OperatorInput?]) -> [Tensor]?

  /// Multiply-accumulate operations for given input and output types.
  func multiplyAccumulates(_ inputs: [TensorType?], _ outputs: [TensorType]) -> Int

  /// Relates the channels of inputs, constants and outputs, for the types that `infer` accepted.
  ///
  /// Without a map of its own an operator freezes all it touches, with that as the reason.
  func mapChannels(_ map: inout ChannelMap)
}

extension Operator {
  public func valuesKnownFromTypes(_ inputs: [OperatorInput?]) -> [Tensor]? { nil }
  public func multiplyAccumulates(_ inputs: [TensorType?], _ outputs: [TensorType]) -> Int { 0 }
  public func mapChannels(_ map: inout ChannelMap) {
    map.freezeAll(.unmapped(node: map.node.name, operation: map.node.operation))
  }
}

/// What is known of an operator's input before it runs: its type, and its value where constant.
public struct OperatorInput: Sendable {
  public var type: TensorType
  public var constant: Tensor?

  public init(_ type: TensorType, constant: Tensor? = nil) {
    self.type = type
    self.constant = constant
  }
  public init(_ constant: Tensor) { self.init(constant.type, constant: constant) }

  public var shape: [Int] { type.shape }
  public var rank: Int { type.shape.count }
  public var elementType: ElementType { type.elementType }
}
