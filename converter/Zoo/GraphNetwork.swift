import EspalierGraph

extension Zoo.Architecture {
  static let graphNetwork = Self(
    "graph_network",
    "graph convolutions (Kipf and Welling, 2016) with residuals, 64 nodes of 32 features"
  ) {
    $0.graphNetwork(nodes: 64, features: 32, width: 128, layers: 4, classes: 10)
  }
}

extension NetworkBuilder {
  /// From "features" [nodes, features] and "adjacency" [nodes, nodes] to one graph's "logits".
  fileprivate mutating func graphNetwork(
    nodes count: Int, features: Int, width: Int, layers: Int, classes: Int
  ) {
    let nodes = input("features", TensorType(.float32, [count, features]))
    let edges = normalised(input("adjacency", TensorType(.float32, [count, count])), count)
    var x = node("Relu", [linear(nodes, "encode", features, width)], name: "encode.relu")
    for layer in 0..<layers {
      let name = "layers.\(layer)"
      let gathered = node("MatMul", [edges, x], name: name + ".gather")
      let message = linear(gathered, name, width, width, gain: 1.4)
      let bent = node("Relu", [message], name: name + ".relu")
      x = layerNorm(
        node("Add", [x, bent], name: name + ".residual"), name + ".norm", width, epsilon: 1e-5)
    }
    let mean = node(
      "ReduceMean", [x], name: "readout.mean",
      attributes: ["axes": .integers([0]), "keepdims": .integer(1)])
    output("logits", linear(mean, "readout", width, classes, gain: 3), [1, classes])
  }

  /// D^-1/2 (|A| + I) D^-1/2, where D is the diagonal of the row sums.
  private mutating func normalised(_ adjacency: Graph.ValueID, _ count: Int) -> Graph.ValueID {
    let identity = fixed(
      "adjacency.identity",
      Tensor(
        (0..<count * count).map { $0 % (count + 1) == 0 ? 1 : 0 }, shape: [count, count]))
    let axis = constant("adjacency.axis", Tensor(integers: [1]))
    let weights = node("Abs", [adjacency], name: "adjacency.weights")
    let loops = node("Add", [weights, identity], name: "adjacency.loops")
    let degrees = node("ReduceSum", [loops, axis], name: "adjacency.degrees")
    let one = constant("adjacency.one", Tensor([1], shape: []))
    let roots = node("Sqrt", [degrees], name: "adjacency.roots")
    let inverse = node("Div", [one, roots], name: "adjacency.inverse")
    let rows = node("Mul", [loops, inverse], name: "adjacency.rows")
    let across = transpose(inverse, "adjacency.across", [1, 0])
    return node("Mul", [rows, across], name: "adjacency.normalised")
  }
}
