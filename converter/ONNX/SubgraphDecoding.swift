import EspalierGraph
import SwiftProtobuf

extension GraphDecoder {
  /// A graph inside a node; what it reads and does not make keeps its name and has no producer.
  /// - Throws: `GraphProblems` with every fault found.
  mutating func decodeInside(_ graph: ProtoGraph) throws(GraphProblems) -> Graph {
    var source = graph
    decodeContents(of: &source)
    problems += self.graph.validateInside()
    guard problems.isEmpty else { throw GraphProblems(problems) }
    return self.graph
  }
}

extension ProtoNode {
  /// The graphs among the attributes, which are read when one is needed: of the branches of an If, most
  /// models need one, and it need not be understood.
  /// - Parameter folder: Where external data may be.
  func subgraphs(folder: String?) -> [String: Subgraph] {
    var result: [String: Subgraph] = [:]
    for attribute in attribute where attribute.effectiveKind == .graph && attribute.hasG {
      let bytes = attribute.g
      result[attribute.name] = Subgraph { () throws(GraphProblems) in
        guard let graph = try? ProtoGraph(serializedBytes: bytes) else {
          throw GraphProblems([
            GraphError(.badAttribute, "attribute \"\(attribute.name)\" is malformed")
          ])
        }
        var decoder = GraphDecoder(folder: folder, initializers: nil)
        return try decoder.decodeInside(graph)
      }
    }
    return result
  }
}

/// Names that a graph and those inside it read without making them.
///
/// A name that one branch makes may be another's from outside. The wire scan bounds the recursion.
func outerNames(_ graph: ProtoGraph) -> [String] {
  let made = Set(graph.boundNames)
  var names = graph.node.flatMap(\.input) + graph.output.map(\.name)
  for node in graph.node {
    for attribute in node.attribute {
      for subgraph in attribute.subgraphs { names += outerNames(subgraph) }
    }
  }
  return names.filter { !$0.isEmpty && !made.contains($0) }
}
