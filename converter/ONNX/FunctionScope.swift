import EspalierGraph
import SwiftProtobuf

/// What names mean where a node is copied: in a function's body, by the call; outside, themselves.
struct FunctionScope {
  /// What the names of a body's copy begin with; empty outside of functions.
  var prefix = ""
  /// Attributes the call gives, and the function's own for those that it leaves out.
  var attributes: [String: ProtoAttribute] = [:]
  /// Attributes that the function declares.
  var declared: Set<String> = []
  /// Names of the body and, inside its subgraphs, of these, innermost last; empty for an input that the
  /// call leaves out.
  var levels: [[String: String]] = []
  /// Graphs around the node.
  var graphDepth = 0

  var isFunction: Bool { !levels.isEmpty }

  /// The name of a value of the body among the model's.
  func name(_ name: String) -> String? {
    if name.isEmpty { return name }
    for level in levels.reversed() { if let found = level[name] { return found } }
    return nil
  }
}

extension ProtoNode {
  /// What messages call the node: its name, else what it makes, else its operator.
  var label: String {
    [name, output.first { !$0.isEmpty } ?? "", opType, "node"].first { !$0.isEmpty }!
  }

  /// About what a copy of the node takes in memory, names aside.
  var roughByteCount: Int {
    let lists = 16 * (input.count + output.count) + 256 * attribute.count
    return 256 + name.utf8.count + lists + attribute.reduce(0) { $0 + $1.roughByteCount }
  }
}

extension ProtoAttribute {
  /// The graphs it holds, as far as they can be read; they are carried as bytes.
  var subgraphs: [ProtoGraph] {
    ((hasG ? [g] : []) + graphs).compactMap { try? ProtoGraph(serializedBytes: $0) }
  }

  /// About what its value takes in memory; a graph's parts are many times its bytes.
  fileprivate var roughByteCount: Int {
    let lists = 8 * (ints.count + floats.count) + strings.reduce(0) { $0 + 16 + $1.count }
    let graphBytes = graphs.reduce(g.count) { $0 + $1.count }
    let all = (hasT ? [t] : []) + tensors + (hasSparseTensor ? [sparseTensor.values] : [])
    return s.count + lists + 16 * graphBytes + all.reduce(0) { $0 + $1.roughByteCount }
  }
}

extension ProtoTensor {
  private var typedByteCount: Int {
    8 * (int64Data.count + doubleData.count + uint64Data.count + int32Data.count + floatData.count)
      + stringData.reduce(0) { $0 + 16 + $1.count }
  }

  /// External data is read once for each copy, so its announced size counts.
  fileprivate var roughByteCount: Int {
    let announced = dims.reduce(8.0) { $0 * Double(max($1, 1)) }
    let outside = dataLocation == 1 ? Int(min(announced, 1e12)) : 0
    return 4 * rawData.count + typedByteCount + outside
  }
}

extension ProtoGraph {
  /// Every name of a value in the graph and in those inside it.
  var allNames: [String] {
    // A list, not recursion: the wire scan bounds nesting, but a bound on the stack costs nothing.
    var names: [String] = []
    var pending = [self]
    while let next = pending.popLast() {
      names += next.boundNames + next.output.map(\.name) + next.valueInfo.map(\.name)
      for node in next.node {
        names += node.input
        for attribute in node.attribute { pending += attribute.subgraphs }
      }
    }
    return names.filter { !$0.isEmpty }
  }

  /// Names that the graph itself gives a meaning.
  var boundNames: [String] {
    input.map(\.name) + initializer.map(\.name) + sparseInitializer.map(\.values.name)
      + node.flatMap(\.output)
  }
}
