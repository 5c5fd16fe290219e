internal import EspalierGraph

/// A graph of float16 or bfloat16 as float32, in which it is scored and refitted, and the way back.
///
/// Whatever a pipeline does to the wide graph is rounded once, where it is written: constants and types
/// take the type again that they had by their names, and what is new that of the layer that reads it.
struct HalfPrecision {
  /// The graph in float32; nil where nothing is in half precision.
  let wide: Graph?
  private var types: [String: ElementType] = [:]
  /// Names of all constants that were there.
  private let isOriginal: Set<String>
  /// By node, the attributes that name an element type or hold a tensor of one.
  private var attributes: [String: [String: Attribute]] = [:]

  /// - Parameter inputShapes: Shapes of inputs that the file leaves open, by name.
  init(_ graph: Graph, inputShapes: [String: [Int]]) {
    var wide = graph
    isOriginal = Set(graph.values.filter { $0.constant != nil }.map(\.name))
    for index in wide.values.indices {
      let value = wide.values[index]
      guard let type = value.elementType ?? value.constant?.elementType, type.isHalf else {
        continue
      }
      types[value.name] = type
      wide.values[index].elementType = value.elementType.map { _ in .float32 }
      wide.values[index].constant = value.constant?.of(.float32)
    }
    for index in wide.nodes.indices where wide.nodes[index].domain.isEmpty {
      for (name, attribute) in wide.nodes[index].attributes {
        guard let other = attribute.widened(named: name) else { continue }
        attributes[wide.nodes[index].name, default: [:]][name] = attribute
        wide.nodes[index].attributes[name] = other
      }
    }
    self.wide = types.isEmpty && attributes.isEmpty ? nil : wide
    if self.wide != nil { noteInferred(graph, inputShapes) }
  }

  /// Notes what the file does not declare: what is new takes the type of what it meets.
  private mutating func noteInferred(_ graph: Graph, _ inputShapes: [String: [Int]]) {
    // Of a graph with faults the first step speaks.
    let typed = try? Specialised(graph, inputShapes: inputShapes, purpose: .rewriting)
    guard let typed else { return }
    for (value, type) in zip(typed.graph.values, typed.types) {
      guard let type = type?.elementType, type.isHalf else { continue }
      types[value.name] = type
    }
  }

  /// A graph that a pipeline made of the wide one, in the types of the first.
  func narrowed(_ graph: Graph) -> Graph {
    var result = graph
    var known = Set(types.keys)
    for node in result.nodes {
      // A bias that a refit has added, say, is of its layer's type.
      let types = node.inputs.compactMap { $0.flatMap { self.types[result.values[$0].name] } }
      guard let type = types.first else { continue }
      for case let input? in node.inputs
      where result.values[input].constant?.elementType == .float32 {
        let name = result.values[input].name
        guard !known.contains(name), !isOriginal.contains(name) else { continue }
        known.insert(name)
        narrow(&result.values[input], to: type)
      }
    }
    for index in result.values.indices {
      guard let type = types[result.values[index].name] else { continue }
      narrow(&result.values[index], to: type)
    }
    for index in result.nodes.indices {
      for (name, attribute) in attributes[result.nodes[index].name] ?? [:]
      where result.nodes[index].attributes[name] != nil {
        result.nodes[index].attributes[name] = attribute
      }
    }
    return result
  }

  private func narrow(_ value: inout Graph.Value, to type: ElementType) {
    if value.elementType != nil { value.elementType = type }
    value.constant = value.constant?.of(type)
  }
}

extension ElementType {
  fileprivate var isHalf: Bool { self == .float16 || self == .bfloat16 }
}

extension Tensor {
  fileprivate func of(_ type: ElementType) -> Tensor {
    Tensor(elementType: type, shape: shape, doubles: doubles)
  }
}

extension Attribute {
  /// The attribute with float32 for a half-precision type; nil where it has none.
  fileprivate func widened(named name: String) -> Attribute? {
    switch self {
    case .integer(let code) where ["to", "dtype", "output_dtype"].contains(name):
      guard Int32(exactly: code).flatMap(ElementType.init)?.isHalf == true else { return nil }
      return .integer(Int64(ElementType.float32.rawValue))
    case .tensor(let tensor) where tensor.elementType.isHalf: return .tensor(tensor.of(.float32))
    default: return nil
    }
  }
}
