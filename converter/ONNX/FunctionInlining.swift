import EspalierGraph
import SwiftProtobuf

/// Replaces calls of a model's own functions by the functions' bodies, before anything is decoded.
///
/// A body's names are made unique under the name of the call, also inside subgraphs. A file of a few
/// kilobytes may call functions that call functions, so what is made is counted while it is made.
struct FunctionInlining {
  /// Calls inside calls; a function that comes back to itself is named as such before that.
  static let maximumDepth = 64
  /// Graphs inside graphs: what the wire scan lets pass, where each is three messages deeper.
  static let maximumGraphDepth = WireScan.maximumDepth / 3
  /// Bytes of names, lists and attributes that all copies may take beyond one of each function.
  static let maximumByteCount = 1 << 29

  /// One for each call that could not be replaced, at that call.
  private(set) var problems: [GraphError] = []
  var names = UniqueNames()
  /// The functions whose bodies are being copied, outermost first.
  var active: [FunctionIdentity] = []
  let functions: [FunctionIdentity: ProtoFunction]
  private let opsets: [String: Int64]
  private var nodes = 0
  private var bytesLeft = maximumByteCount

  init(_ declared: [ProtoFunction], opsets: [ProtoOperatorSet]) {
    var functions: [FunctionIdentity: ProtoFunction] = [:]
    for function in declared {
      let identity = FunctionIdentity(function)
      if functions.updateValue(function, forKey: identity) != nil {
        problems.append(
          GraphError(
            .duplicateName, "the model has two functions of this name", node: "\(identity)")
        )
      }
    }
    self.functions = functions
    for function in declared {
      bytesLeft += function.node.reduce(0) { $0 + $1.roughByteCount }
    }
    self.opsets = Dictionary(
      opsets.map { (standardDomain($0.domain), $0.version) }, uniquingKeysWith: max)
  }

  /// The nodes of the model's graph without calls; calls that are faulty stay.
  mutating func inlined(_ graph: ProtoGraph) -> [ProtoNode] {
    guard !functions.isEmpty else { return graph.node }
    for name in graph.allNames { names.reserve(name) }
    var result: [ProtoNode] = []
    for node in graph.node {
      let start = result.count
      do throws(GraphError) {
        try copy(node, FunctionScope(), into: &result)
      } catch {
        result.removeSubrange(start...)
        result.append(node)
        active = []
        problems.append(error.at(node.label))
      }
    }
    return result
  }

  /// Counts a node, or a call, that is about to be copied.
  /// - Throws: `GraphError` with code `.badFile` where there are too many.
  mutating func count(_ node: ProtoNode) throws(GraphError) {
    nodes += 1
    guard nodes <= WireScan.maximumNodes else {
      throw GraphError(
        .badFile,
        "with the functions it calls, the model has more than \(WireScan.maximumNodes) nodes")
    }
    try count(bytes: node.roughByteCount)
  }

  /// - Throws: `GraphError` with code `.badFile` where copies take too much.
  mutating func count(bytes more: Int) throws(GraphError) {
    bytesLeft -= more
    guard bytesLeft >= 0 else {
      throw GraphError(
        .badFile,
        "copies of the functions' bodies take \(Self.maximumByteCount >> 20) MiB more than they do")
    }
  }

  /// Checks that a function's nodes mean the same among the model's.
  /// - Throws: `GraphError` with code `.unsupportedVariant` for another version of an operator set.
  func checkOpsets(of function: ProtoFunction) throws(GraphError) {
    let imported = Dictionary(
      function.opsetImport.map { (standardDomain($0.domain), $0.version) }, uniquingKeysWith: max)
    for node in function.node where functions[FunctionIdentity(callOf: node)] == nil {
      let domain = standardDomain(node.domain)
      let set = domain.isEmpty ? "ONNX's operators" : "domain \"\(domain)\""
      guard let version = imported[domain] else {
        throw GraphError(
          .unsupportedVariant,
          "function \(FunctionIdentity(function)) calls \(node.opType) but imports no version of \(set)"
        )
      }
      guard version == opsets[domain] else {
        let own = opsets[domain].map { "version \($0)" } ?? "none"
        throw GraphError(
          .unsupportedVariant,
          "function \(FunctionIdentity(function)) uses version \(version) of \(set) and the model \(own);"
            + " export both with one version")
      }
    }
  }
}

/// What a call names a function by.
struct FunctionIdentity: Hashable, CustomStringConvertible {
  let domain: String
  let name: String
  let overload: String

  init(_ function: ProtoFunction) {
    (domain, name) = (standardDomain(function.domain), function.name)
    overload = function.overload
  }

  init(callOf node: ProtoNode) {
    (domain, name) = (standardDomain(node.domain), node.opType)
    overload = node.overload
  }

  var description: String {
    (domain.isEmpty ? name : "\(domain).\(name)") + (overload.isEmpty ? "" : ":\(overload)")
  }
}
