/// The value of a node's attribute.
public enum Attribute: Sendable, Hashable {
  case integer(Int64)
  case float(Float)
  case string([UInt8])
  case tensor(Tensor)
  case integers([Int64])
  case floats([Float])
  case strings([[UInt8]])
  /// An attribute this program only carries, such as a subgraph: its serialised message.
  case opaque([UInt8])
}

/// What an operator may read of its node: attributes, opset and arity.
public struct NodeContext: Sendable {
  public var attributes: [String: Attribute]
  /// Version of the node's domain.
  public var opset: Int
  /// Whether each input is present; shorter than the operator's list when trailing inputs are left out.
  public var inputs: [Bool]
  /// Number of outputs the node names, unnamed ones in between included.
  public var outputCount: Int

  public init(
    attributes: [String: Attribute] = [:], opset: Int, inputs: [Bool], outputCount: Int
  ) {
    self.attributes = attributes
    self.opset = opset
    self.inputs = inputs
    self.outputCount = outputCount
  }

  /// Whether the node has this input.
  public func hasInput(_ index: Int) -> Bool { index < inputs.count && inputs[index] }

  public func integer(_ name: String) throws(GraphError) -> Int? {
    switch attributes[name] {
    case nil: return nil
    case .integer(let value)?: return Int(value)
    default: throw mistyped(name, "an integer")
    }
  }

  public func integer(_ name: String, default value: Int) throws(GraphError) -> Int {
    try integer(name) ?? value
  }

  public func boolean(_ name: String, default value: Bool) throws(GraphError) -> Bool {
    try integer(name).map { $0 != 0 } ?? value
  }

  public func float(_ name: String) throws(GraphError) -> Float? {
    switch attributes[name] {
    case nil: return nil
    case .float(let value)?: return value
    default: throw mistyped(name, "a float")
    }
  }

  public func float(_ name: String, default value: Float) throws(GraphError) -> Float {
    try float(name) ?? value
  }

  public func integers(_ name: String) throws(GraphError) -> [Int]? {
    switch attributes[name] {
    case nil: return nil
    case .integers(let values)?: return values.map { Int($0) }
    case .floats(let values)? where values.isEmpty: return []
    default: throw mistyped(name, "a list of integers")
    }
  }

  public func floats(_ name: String) throws(GraphError) -> [Float]? {
    switch attributes[name] {
    case nil: return nil
    case .floats(let values)?: return values
    case .integers(let values)? where values.isEmpty: return []
    default: throw mistyped(name, "a list of floats")
    }
  }

  public func string(_ name: String) throws(GraphError) -> String? {
    switch attributes[name] {
    case nil: return nil
    case .string(let bytes)?: return String(decoding: bytes, as: UTF8.self)
    default: throw mistyped(name, "a string")
    }
  }

  public func string(_ name: String, default value: String) throws(GraphError) -> String {
    try string(name) ?? value
  }

  public func strings(_ name: String) throws(GraphError) -> [String]? {
    switch attributes[name] {
    case nil: return nil
    case .strings(let values)?: return values.map { String(decoding: $0, as: UTF8.self) }
    default: throw mistyped(name, "a list of strings")
    }
  }

  public func tensor(_ name: String) throws(GraphError) -> Tensor? {
    switch attributes[name] {
    case nil: return nil
    case .tensor(let value)?: return value
    default: throw mistyped(name, "a tensor")
    }
  }

  private func mistyped(_ name: String, _ wanted: String) -> GraphError {
    GraphError(.badAttribute, "attribute \"\(name)\" must be \(wanted)")
  }
}
