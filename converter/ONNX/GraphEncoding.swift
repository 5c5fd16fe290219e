import EspalierGraph
import SwiftProtobuf

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension ProtoModel {
  /// A graph's facts, without the graph itself.
  init(factsOf graph: Graph) {
    self.init()
    let metadata = graph.metadata
    irVersion = metadata.irVersion
    producerName = metadata.producerName
    producerVersion = metadata.producerVersion
    domain = metadata.domain
    modelVersion = metadata.modelVersion
    docString = metadata.documentation
    let others = metadata.opsets.filter { !$0.domain.isEmpty }
    opsetImport = [ProtoOperatorSet(domain: "", version: graph.opset)]
    opsetImport += others.map { ProtoOperatorSet(domain: $0.domain, version: $0.version) }
    metadataProps = metadata.properties.map { property in
      var entry = ProtoStringEntry()
      entry.key = property.key
      entry.value = property.value
      return entry
    }
  }
}

extension ProtoOperatorSet {
  init(domain: String, version: Int) {
    self.init()
    self.domain = domain
    self.version = Int64(version)
  }
}

extension ProtoGraph {
  /// A graph without its initializers.
  /// - Throws: `GraphError` if an input has no type, which the format requires.
  init(withoutInitializers graph: Graph) throws(GraphError) {
    self.init()
    name = graph.name.isEmpty ? "graph" : graph.name
    node = try graph.nodes.map { node throws(GraphError) in try ProtoNode(node, of: graph) }
    input = try graph.inputs.map { id throws(GraphError) in
      try ProtoValueInfo(typed: graph.values[id])
    }
    if graph.metadata.irVersion < 4 {
      // Early versions demand that initializers be inputs too.
      for value in graph.values where value.constant != nil {
        input.append(try ProtoValueInfo(typed: value))
      }
    }
    output = try graph.typedOutputs().map { value throws(GraphError) in
      // What an operator makes that is not known keeps the declaration it had, if only its name.
      guard value.isDeclared else { return ProtoValueInfo(named: value.name) }
      return try ProtoValueInfo(typed: value)
    }
    let declaredElsewhere = Set(graph.inputs + graph.outputs)
    for (id, value) in graph.values.enumerated()
    where value.isDeclared && value.constant == nil && !declaredElsewhere.contains(id) {
      valueInfo.append(try ProtoValueInfo(typed: value))
    }
  }
}

extension Graph {
  /// The outputs, with inferred types where none is declared and one can be inferred.
  fileprivate func typedOutputs() throws(GraphError) -> [Value] {
    var result = outputs.map { values[$0] }
    guard result.contains(where: { !$0.isDeclared }) else { return result }
    let inferred = try inferredForOutputs()
    for (place, id) in outputs.enumerated() where !result[place].isDeclared {
      guard let type = inferred?.types[id] else { continue }
      result[place].elementType = type.elementType
      result[place].shape = type.shape.enumerated().map { axis, extent in
        inferred?.open?.isOpen(id, axis: axis) == true ? .unknown : .fixed(extent)
      }
    }
    return result
  }

  /// The graph with types; where the file leaves extents free, at such as it takes, if any are found.
  private func inferredForOutputs() throws(GraphError) -> Specialised? {
    if openAxes.isEmpty {
      do throws(GraphProblems) {
        return try Specialised(self, purpose: .rewriting)
      } catch {
        throw error.problems[0]
      }
    }
    for extent in [1, 16, 64, 224] {
      let shapes = madeUpShapes(extent)
      if let typed = try? Specialised.forRewriting(self, inputShapes: shapes) { return typed }
    }
    return nil
  }
}

extension Graph.Value {
  /// Whether the file says what it is.
  fileprivate var isDeclared: Bool { elementType != nil || opaqueType != nil }
}

extension ProtoNode {
  fileprivate init(_ node: Graph.Node, of graph: Graph) throws(GraphError) {
    self.init()
    name = node.name
    opType = node.operation
    domain = node.domain
    input = node.inputs.map { $0.map { graph.values[$0].name } ?? "" }
    output = node.outputs.map { $0.map { graph.values[$0].name } ?? "" }
    for (name, value) in node.attributes.sorted(by: { $0.key < $1.key }) {
      do throws(GraphError) {
        attribute.append(try ProtoAttribute(name, value))
      } catch {
        throw error.at(node.name)
      }
    }
  }
}

extension ProtoAttribute {
  fileprivate init(_ name: String, _ value: Attribute) throws(GraphError) {
    self.init()
    switch value {
    case .float(let value): (type, f) = (.float, value)
    case .integer(let value): (type, i) = (.int, value)
    case .string(let bytes): (type, s) = (.string, Data(bytes))
    case .tensor(let tensor): (type, t) = (.tensor, ProtoTensor(tensor))
    case .floats(let values): (type, floats) = (.floats, values)
    case .integers(let values): (type, ints) = (.ints, values)
    case .strings(let values): (type, strings) = (.strings, values.map { Data($0) })
    case .opaque(let bytes):
      guard let carried = try? ProtoAttribute(serializedBytes: bytes) else {
        throw GraphError(.badAttribute, "attribute \"\(name)\" is not a serialised attribute")
      }
      self = carried
    }
    self.name = name
  }
}

extension ProtoValueInfo {
  /// A declaration of a name alone.
  fileprivate init(named name: String) {
    self.init()
    self.name = name
  }

  /// A value's declaration.
  fileprivate init(typed value: Graph.Value) throws(GraphError) {
    self.init()
    if let bytes = value.opaqueType {
      guard let carried = try? ProtoType(serializedBytes: bytes) else {
        throw GraphError(.badType, "is not a serialised type", node: "value \"\(value.name)\"")
      }
      (name, type) = (value.name, carried)
      return
    }
    guard let elementType = value.elementType else {
      throw GraphError(.badType, "has no element type", node: "value \"\(value.name)\"")
    }
    name = value.name
    type.tensorType.elemType = elementType.rawValue
    guard let shape = value.shape else { return }
    type.tensorType.shape.dim = shape.map { dimension in
      var result = ProtoShape.Dimension()
      switch dimension {
      case .fixed(let extent): result.dimValue = Int64(extent)
      case .symbol(let symbol): result.dimParam = symbol
      case .unknown: break
      }
      return result
    }
    // A scalar has a shape, if an empty one.
    if shape.isEmpty { type.tensorType.shape = ProtoShape() }
  }
}
