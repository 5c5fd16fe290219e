/// A protobuf message written field by field, so that tests can also write what no encoder would.
struct Message {
  private(set) var bytes: [UInt8] = []

  init() {}
  init(_ fields: [(Int, Field)]) { for (number, field) in fields { add(number, field) } }

  enum Field {
    case number(Int64)
    case text(String)
    case bytes([UInt8])
    case message(Message)
  }

  /// The message with one field more.
  func adding(_ number: Int, _ message: Message) -> Message {
    var result = self
    result.add(number, .message(message))
    return result
  }

  /// Adds a field of four bytes.
  mutating func add(fixed number: Int, _ content: [UInt8]) {
    bytes += varint(UInt64(number << 3 | 5)) + content
  }

  mutating func add(_ number: Int, _ field: Field) {
    switch field {
    case .number(let value):
      bytes += varint(UInt64(number << 3)) + varint(UInt64(bitPattern: value))
    case .text(let text): add(number, .bytes(Array(text.utf8)))
    case .message(let message): add(number, .bytes(message.bytes))
    case .bytes(let content):
      bytes += varint(UInt64(number << 3 | 2)) + varint(UInt64(content.count)) + content
    }
  }
}

func varint(_ value: UInt64) -> [UInt8] {
  var bytes: [UInt8] = []
  var rest = value
  while rest >= 0x80 {
    bytes.append(UInt8(rest & 0x7F) | 0x80)
    rest >>= 7
  }
  return bytes + [UInt8(rest)]
}

// Messages of ONNX, by their field numbers.

func model(graph: Message?, opset: Int64 = 17, version: Int64 = 8) -> Message {
  var model = Message([(1, .number(version)), (8, .message(Message([(2, .number(opset))])))])
  if let graph { model.add(7, .message(graph)) }
  return model
}

func node(
  _ operation: String, _ inputs: [String], _ outputs: [String], name: String = "",
  attributes: [Message] = [], domain: String = ""
) -> Message {
  var node = Message()
  for input in inputs { node.add(1, .text(input)) }
  for output in outputs { node.add(2, .text(output)) }
  node.add(3, .text(name))
  node.add(4, .text(operation))
  for attribute in attributes { node.add(5, .message(attribute)) }
  node.add(7, .text(domain))
  return node
}

/// A float32 value's declaration; an extent below zero stands for a symbol.
func valueInfo(_ name: String, _ shape: [Int64] = [2]) -> Message {
  let extents = shape.map { extent in
    Message([extent < 0 ? (2, .text("symbol")) : (1, .number(extent))])
  }
  let shape = Message(extents.map { (1, .message($0)) })
  let type = Message([(1, .message(Message([(1, .number(1)), (2, .message(shape))])))])
  return Message([(1, .text(name)), (2, .message(type))])
}

func tensor(
  _ name: String, dims: [Int64], type: Int64 = 1, raw: [UInt8]? = nil,
  fields: [(Int, Message.Field)] = []
) -> Message {
  var tensor = Message(dims.map { (1, .number($0)) })
  tensor.add(2, .number(type))
  tensor.add(8, .text(name))
  if let raw { tensor.add(9, .bytes(raw)) }
  for (number, field) in fields { tensor.add(number, field) }
  return tensor
}

/// A graph from "x" to "y" around some nodes and initializers.
func graph(
  nodes: [Message], initializers: [Message] = [], inputs: [Message] = [valueInfo("x")],
  outputs: [String] = ["y"]
) -> Message {
  var graph = Message([(2, .text("test"))])
  for node in nodes { graph.add(1, .message(node)) }
  for initializer in initializers { graph.add(5, .message(initializer)) }
  for input in inputs { graph.add(11, .message(input)) }
  for output in outputs { graph.add(12, .message(valueInfo(output))) }
  return graph
}

/// An attribute that is a graph of some nodes without inputs.
func branch(
  _ name: String, nodes: [Message], initializers: [Message] = [], outputs: [String]
) -> Message {
  let body = graph(nodes: nodes, initializers: initializers, inputs: [], outputs: outputs)
  return Message([(1, .text(name)), (6, .message(body)), (20, .number(5))])
}

func branch(_ name: String, nodes: [Message], output: String) -> Message {
  branch(name, nodes: nodes, outputs: [output])
}
