/// The names of a graph's values and nodes, to make others.
struct GraphNames {
  var values = UniqueNames()
  var nodes = UniqueNames()

  init() {}

  init(of graph: Graph) {
    for value in graph.values { values.reserve(value.name) }
    for node in graph.nodes { nodes.reserve(node.name) }
  }
}
