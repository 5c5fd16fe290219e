/// A neural network as ONNX describes it: nodes in topological order over named values.
///
/// Values are numbered; a name is looked up once, at the boundary. The graph is as imported, so that
/// it can be exported again; `Specialised` is what lowering and evaluation work on.
public struct Graph: Sendable {
  /// An index into `values`.
  public typealias ValueID = Int

  public var name = ""
  /// Version of the default ONNX domain.
  public var opset = 17
  public var values: [Value] = []
  /// In topological order; `validate` proves it.
  public var nodes: [Node] = []
  /// The inputs a caller must give; initializers are not among them.
  public var inputs: [ValueID] = []
  public var outputs: [ValueID] = []
  /// What export writes back and nothing else reads.
  public var metadata = Metadata()

  public init() {}

  /// A tensor's place in the graph: its name, and its declared type or constant value.
  public struct Value: Sendable {
    public var name: String
    /// Declared type, where the file gives one.
    public var elementType: ElementType?
    /// Declared extents, where the file gives them.
    public var shape: [Dimension]?
    /// The value of an initializer.
    public var constant: Tensor?
    /// The declared type of what is no tensor, such as a sequence: its serialised message.
    public var opaqueType: [UInt8]?

    public init(
      name: String, elementType: ElementType? = nil, shape: [Dimension]? = nil,
      constant: Tensor? = nil
    ) {
      self.name = name
      self.elementType = elementType
      self.shape = shape
      self.constant = constant
    }
  }

  /// A declared extent: a number, a symbol, or unknown.
  public enum Dimension: Sendable, Hashable {
    case fixed(Int)
    case symbol(String)
    case unknown
  }

  /// One operation.
  public struct Node: Sendable {
    /// Unique; made from the first output where the file gives none.
    public var name: String
    /// ONNX's name for the operation, such as "Conv"; `OperatorKind` where we know it.
    public var operation: String
    /// Empty for ONNX's own operators.
    public var domain: String
    public var inputs: [ValueID?]
    public var outputs: [ValueID?]
    public var attributes: [String: Attribute]
    /// Values that subgraphs of this node read by name, beside its inputs.
    public var captures: [ValueID] = []
    /// What subgraphs call captures that have another name by now.
    public var captureNames: [ValueID: String] = [:]
    /// Attributes that are graphs, as far as something here can take them; also among `attributes`.
    public var subgraphs: [String: Subgraph] = [:]

    /// Every value that must be there before the node runs.
    public var dependencies: [ValueID?] { captures.isEmpty ? inputs : inputs + captures }

    public init(
      name: String, operation: String, domain: String = "", inputs: [ValueID?],
      outputs: [ValueID?], attributes: [String: Attribute] = [:]
    ) {
      self.name = name
      self.operation = operation
      self.domain = domain
      self.inputs = inputs
      self.outputs = outputs
      self.attributes = attributes
    }

    /// What the operator may read of this node.
    public func context(opset: Int) -> NodeContext {
      NodeContext(
        attributes: attributes, opset: opset, inputs: inputs.map { $0 != nil },
        outputCount: outputs.count)
    }
  }

  /// Facts of the file that do not change what the graph computes.
  public struct Metadata: Sendable {
    public var irVersion: Int64 = 8
    public var producerName = ""
    public var producerVersion = ""
    public var domain = ""
    public var modelVersion: Int64 = 0
    public var documentation = ""
    public var properties: [(key: String, value: String)] = []
    /// Every imported domain with its version, the default domain included.
    public var opsets: [(domain: String, version: Int)] = []

    public init() {}
  }

  /// Adds a value and returns its number.
  @discardableResult
  public mutating func add(_ value: Value) -> ValueID {
    values.append(value)
    return values.count - 1
  }

  /// Adds an initializer.
  @discardableResult
  public mutating func addConstant(_ name: String, _ tensor: Tensor) -> ValueID {
    add(
      Value(
        name: name, elementType: tensor.elementType, shape: tensor.shape.map { .fixed($0) },
        constant: tensor))
  }

  /// Adds a graph input of a fixed type.
  @discardableResult
  public mutating func addInput(_ name: String, _ type: TensorType) -> ValueID {
    let id = add(
      Value(name: name, elementType: type.elementType, shape: type.shape.map { .fixed($0) }))
    inputs.append(id)
    return id
  }

  /// Appends a node with one output and returns that output.
  @discardableResult
  public mutating func addNode(
    _ operation: String, _ inputs: [ValueID?], name: String? = nil,
    attributes: [String: Attribute] = [:]
  ) -> ValueID {
    addNode(operation, inputs, outputs: 1, name: name, attributes: attributes)[0]
  }

  /// Appends a node with several outputs and returns them.
  @discardableResult
  public mutating func addNode(
    _ operation: String, _ inputs: [ValueID?], outputs count: Int, name: String? = nil,
    attributes: [String: Attribute] = [:]
  ) -> [ValueID] {
    let name = name ?? "\(operation)_\(nodes.count)"
    let outputs = (0..<count).map { add(Value(name: count == 1 ? name : "\(name)_\($0)")) }
    nodes.append(
      Node(
        name: name, operation: operation, inputs: inputs, outputs: outputs, attributes: attributes))
    return outputs
  }
}
