/// Why a graph, a node or its input is not acceptable: a stable code, the place, and the cause.
public struct GraphError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Stable codes; scripts may rely on them, so they are added but never reused.
  public enum Code: String, Sendable, Hashable {
    case unsupportedOperator = "E1001"
    case unsupportedVariant = "E1002"
    case badAttribute = "E1003"
    case badArity = "E1004"
    case badShape = "E1005"
    case shapeTooLarge = "E1006"
    case badType = "E1007"
    case needsConstant = "E1008"
    case symbolicShape = "E1009"
    case cycle = "E1010"
    case danglingInput = "E1011"
    case duplicateName = "E1012"
    case badIndex = "E1013"
    case foldingBudget = "E1014"
    case badInput = "E1015"
    case badFile = "E1016"
    /// Our own fault, whatever the model is.
    case internalFault = "E1017"
  }

  public var code: Code
  /// The node's name, or what stands for it; empty until the node is known.
  public var node: String
  public var message: String

  /// Said of inputs and outputs of other kinds.
  package static let noTensor = GraphError(
    .unsupportedVariant, "is not a tensor (a sequence, map or optional)")

  public init(_ code: Code, _ message: String, node: String = "") {
    self.code = code
    self.node = node
    self.message = message
  }

  /// The same error at a node, unless it already names one.
  public func at(_ node: String) -> GraphError {
    self.node.isEmpty ? GraphError(code, message, node: node) : self
  }

  /// What a message says of any extents: numbers alone do not make another cause.
  package static func withoutNumbers(_ message: String) -> String {
    message.replacing(/[0-9]+/, with: "#")
  }

  public var description: String {
    node.isEmpty ? "\(code.rawValue): \(message)" : "\(code.rawValue) at \(node): \(message)"
  }
}
