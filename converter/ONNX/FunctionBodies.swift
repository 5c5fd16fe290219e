import EspalierGraph
import SwiftProtobuf

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

extension FunctionInlining {
  /// Appends a node as it reads in a scope, or the body of the function it calls.
  /// - Throws: `GraphError` for a faulty call, and where copies are too many or too large.
  mutating func copy(
    _ source: ProtoNode, _ scope: FunctionScope, into result: inout [ProtoNode]
  ) throws(GraphError) {
    var node = source
    let isCall = functions[FunctionIdentity(callOf: source)] != nil
    if scope.isFunction || isCall { try count(source) }
    if scope.isFunction {
      node.name = scope.prefix + source.label
      try count(bytes: node.name.utf8.count)
      node.input = try source.input.map { name throws(GraphError) in try renamed(name, scope) }
      node.output = try source.output.map { name throws(GraphError) in try renamed(name, scope) }
      node.attribute = []
      for attribute in source.attribute {
        if let value = try resolved(attribute, scope) { node.attribute.append(value) }
      }
    }
    for index in node.attribute.indices where node.attribute[index].holdsGraphs {
      try copyGraphs(in: &node.attribute[index], scope)
    }
    if isCall { try expand(node, scope, into: &result) } else { result.append(node) }
  }

  private mutating func fresh(_ name: String) throws(GraphError) -> String {
    try count(bytes: 64 + name.utf8.count)
    return names.unused(name)
  }

  /// A name that the body reads and nothing makes gets one of its own: bodies see nothing outside.
  private mutating func renamed(
    _ name: String, _ scope: FunctionScope
  ) throws(GraphError) -> String {
    if let known = scope.name(name) { return known }
    return try fresh(scope.prefix + name)
  }

  /// An attribute with the call's value where it refers to one; nil where the call gives none.
  private func resolved(
    _ attribute: ProtoAttribute, _ scope: FunctionScope
  ) throws(GraphError) -> ProtoAttribute? {
    let wanted = attribute.refAttrName
    if wanted.isEmpty { return attribute }
    guard scope.declared.contains(wanted) else {
      throw GraphError(
        .badAttribute,
        "attribute \"\(attribute.name)\" refers to \"\(wanted)\", which the function lacks")
    }
    guard var value = scope.attributes[wanted] else { return nil }
    guard attribute.type == .undefined || attribute.type == value.effectiveKind else {
      throw GraphError(
        .badAttribute,
        "attribute \"\(attribute.name)\" refers to \"\(wanted)\", which is of another type")
    }
    guard !value.holdsGraphs else {
      throw GraphError(
        .unsupportedVariant, "attribute \"\(wanted)\" hands a graph to a function of the model")
    }
    value.name = attribute.name
    return value
  }

  private mutating func expand(
    _ call: ProtoNode, _ outer: FunctionScope, into result: inout [ProtoNode]
  ) throws(GraphError) {
    let identity = FunctionIdentity(callOf: call)
    guard let function = functions[identity] else { preconditionFailure("no call of a function") }
    try checkDepth(of: identity)
    // What is looked through for this call, faulty or not.
    let parts = function.node.count + function.input.count + function.output.count
    try count(bytes: 64 * (parts + function.attribute.count + function.attributeProto.count))
    try checkOpsets(of: function)
    var scope = FunctionScope()
    scope.prefix = "\(call.label)/"
    scope.graphDepth = outer.graphDepth
    try bindAttributes(of: call, function, in: &scope)
    let copies = try bindValues(of: call, function, in: &scope)
    active.append(identity)
    for node in function.node { try copy(node, scope, into: &result) }
    active.removeLast()
    for (source, target) in copies {
      var node = ProtoNode()
      node.opType = "Identity"
      node.name = scope.prefix + "output"
      (node.input, node.output) = ([source], [target])
      try count(node)
      result.append(node)
    }
  }

  private func checkDepth(of identity: FunctionIdentity) throws(GraphError) {
    if let start = active.firstIndex(of: identity) {
      let circle = (active[start...] + [identity]).map(\.description).joined(separator: " -> ")
      throw GraphError(.cycle, "a function of the model calls itself: \(circle)")
    }
    guard active.count < Self.maximumDepth else {
      throw GraphError(.badFile, "functions of the model nest deeper than \(Self.maximumDepth)")
    }
  }

  private func bindAttributes(
    of call: ProtoNode, _ function: ProtoFunction, in scope: inout FunctionScope
  ) throws(GraphError) {
    scope.declared = Set(function.attribute).union(function.attributeProto.map(\.name))
    for attribute in function.attributeProto { scope.attributes[attribute.name] = attribute }
    var given: Set<String> = []
    for attribute in call.attribute {
      guard scope.declared.contains(attribute.name), given.insert(attribute.name).inserted else {
        let fault = given.contains(attribute.name) ? "given twice" : "not one of the function's"
        throw GraphError(.badAttribute, "attribute \"\(attribute.name)\" is \(fault)")
      }
      scope.attributes[attribute.name] = attribute
    }
  }

  /// Gives every name of the body its name in the model.
  /// - Returns: What must be copied, since the function gives it out under two names.
  private mutating func bindValues(
    of call: ProtoNode, _ function: ProtoFunction, in scope: inout FunctionScope
  ) throws(GraphError) -> [(source: String, target: String)] {
    guard call.input.count <= function.input.count, call.output.count <= function.output.count
    else {
      throw GraphError(
        .badArity,
        "\(call.input.count) inputs and \(call.output.count) outputs for a function of "
          + "\(function.input.count) and \(function.output.count)")
    }
    var values: [String: String] = [:]
    for (place, formal) in function.input.enumerated() {
      let actual = place < call.input.count ? call.input[place] : ""
      guard values.updateValue(actual, forKey: formal) == nil else {
        throw GraphError(.duplicateName, "two inputs of the function are called \"\(formal)\"")
      }
    }
    var copies: [(source: String, target: String)] = []
    let made = Set(function.node.flatMap(\.output))
    for (place, formal) in function.output.enumerated() {
      guard values[formal] != nil || made.contains(formal) else {
        throw GraphError(.danglingInput, "the function does not compute its output \"\(formal)\"")
      }
      let actual = place < call.output.count ? call.output[place] : ""
      if let source = values[formal] {
        if !actual.isEmpty { copies.append((source, actual)) }
      } else {
        values[formal] = try actual.isEmpty ? fresh(scope.prefix + formal) : actual
      }
    }
    for name in made where values[name] == nil && !name.isEmpty {
      values[name] = try fresh(scope.prefix + name)
    }
    scope.levels = [values]
    return copies
  }

  /// Copies the graphs of an attribute, with their names and the calls inside them.
  private mutating func copyGraphs(
    in attribute: inout ProtoAttribute, _ scope: FunctionScope
  ) throws(GraphError) {
    guard scope.graphDepth < Self.maximumGraphDepth else {
      throw GraphError(.badFile, "with functions' bodies, graphs nest too deeply")
    }
    if attribute.hasG { attribute.g = try copied(attribute.g, scope) }
    attribute.graphs = try attribute.graphs.map { bytes throws(GraphError) in
      try copied(bytes, scope)
    }
  }

  private mutating func copied(_ bytes: Data, _ outer: FunctionScope) throws(GraphError) -> Data {
    guard var graph = try? ProtoGraph(serializedBytes: bytes) else {
      throw GraphError(.badAttribute, "a graph inside it is malformed")
    }
    var scope = outer
    scope.graphDepth += 1
    if scope.isFunction {
      var values: [String: String] = [:]
      for name in graph.boundNames where values[name] == nil && !name.isEmpty {
        values[name] = try fresh(scope.prefix + name)
      }
      scope.levels.append(values)
      try rename(&graph, scope)
    }
    let source = graph.node
    graph.node = []
    for node in source { try copy(node, scope, into: &graph.node) }
    guard let result: Data = try? graph.serializedData() else {
      throw GraphError(.badFile, "a graph inside it exceeds the format's 2 GiB")
    }
    if scope.isFunction { try count(bytes: result.count) }
    return result
  }

  /// Renames what a graph declares; its nodes are copied one by one.
  private mutating func rename(
    _ graph: inout ProtoGraph, _ scope: FunctionScope
  ) throws(GraphError) {
    for index in graph.input.indices {
      graph.input[index].name = try renamed(graph.input[index].name, scope)
    }
    for index in graph.output.indices {
      graph.output[index].name = try renamed(graph.output[index].name, scope)
    }
    for index in graph.initializer.indices {
      graph.initializer[index].name = try renamed(graph.initializer[index].name, scope)
    }
    for index in graph.sparseInitializer.indices {
      let name = graph.sparseInitializer[index].values.name
      graph.sparseInitializer[index].values.name = try renamed(name, scope)
    }
    // Declarations are of no use where names are others; shapes are inferred again.
    graph.valueInfo = []
  }
}

extension ProtoAttribute {
  fileprivate var holdsGraphs: Bool { hasG || !graphs.isEmpty }
}
