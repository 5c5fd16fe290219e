import EspalierGraph
import EspalierSeeded
import Testing

@testable import EspalierPruning

/// Each kind of product, as a matrix times what it reads at every place, against the reference.
@Suite struct LinearLayerTests {
  private func check(
    _ operation: String, _ x: Tensor, _ weight: Tensor, _ attributes: [String: Attribute],
    weightFirst: Bool = false, _ random: inout Seeded
  ) throws {
    var graph = Graph()
    let input = graph.addInput("x", x.type)
    let constant = graph.addConstant("w", weight)
    let output = graph.addNode(
      operation, weightFirst ? [constant, input] : [input, constant], attributes: attributes)
    graph.outputs = [output]
    let specialised = try Specialised(graph)
    let y = try Interpreter(specialised).run(["x": x])[graph.values[output].name]!
    let layer = try #require(LinearLayer(0, of: specialised))
    #expect(layer.placeCount * layer.rows * layer.groups == y.count)
    let features = Array(0..<layer.groups * layer.rows)
    for step in [1, 3] {
      for group in 0..<layer.groups {
        let weights = layer.weights(weight, group: group)
        for batch in 0..<layer.batches {
          let start = step == 1 ? 0 : min(1, layer.planeSize - 1)
          let places = start..<layer.planeSize
          let width = (places.count + step - 1) / step
          var columns = [Float](repeating: 7, count: layer.columns * width)
          var outputs = [Float](repeating: 7, count: layer.rows * width)
          unsafe columns.withUnsafeMutableBufferPointer {
            unsafe layer.fillColumns(
              $0.baseAddress!, stride: width, from: x.floats, group: group, batch: batch,
              places: places, every: step)
          }
          unsafe outputs.withUnsafeMutableBufferPointer {
            unsafe layer.fillOutputs(
              $0.baseAddress!, stride: width, from: y.floats,
              features: Array(features[group * layer.rows..<(group + 1) * layer.rows]),
              of: features.count, batch: batch, places: places, every: step)
          }
          let product = weights.times(Matrix(layer.columns, width, columns.map(Double.init)))
          for (found, wanted) in zip(product.values, outputs) {
            #expect(abs(found - Double(wanted)) < 1e-5, "\(operation) \(attributes)")
          }
        }
      }
    }
    let matrices = (0..<layer.groups).map { layer.weights(weight, group: $0) }
    let again = layer.constant(random.tensor(weight.shape), from: matrices)
    #expect(zip(again.floats, weight.floats).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func `convolutions with groups, strides and padding`() throws {
    var random = Seeded(seed: 41)
    try check(
      "Conv", random.tensor([2, 3, 6, 5]), random.tensor([4, 3, 3, 2]),
      [
        "pads": .integers([1, 0, 1, 1]), "strides": .integers([1, 2]),
      ], &random)
    try check(
      "Conv", random.tensor([1, 6, 9]), random.tensor([4, 3, 3]),
      [
        "group": .integer(2), "dilations": .integers([2]),
      ], &random)
    try check(
      "Conv", random.tensor([1, 4, 5, 5]), random.tensor([4, 1, 3, 3]), ["group": .integer(4)],
      &random)
    try check(
      "ConvTranspose", random.tensor([2, 4, 4, 3]), random.tensor([4, 3, 3, 2]),
      [
        "group": .integer(2), "strides": .integers([2, 1]), "pads": .integers([1, 0, 0, 1]),
      ], &random)
  }

  @Test func `matrix products with the constant on either side`() throws {
    var random = Seeded(seed: 42)
    for a in 0...1 {
      for b in 0...1 {
        let attributes: [String: Attribute] = [
          "transA": .integer(Int64(a)), "transB": .integer(Int64(b)), "alpha": .float(0.5),
        ]
        let left = random.tensor(a == 1 ? [4, 3] : [3, 4])
        let right = random.tensor(b == 1 ? [5, 4] : [4, 5])
        try check("Gemm", left, right, attributes, &random)
        try check("Gemm", right, left, attributes, weightFirst: true, &random)
      }
    }
    try check("MatMul", random.tensor([2, 3, 4, 5]), random.tensor([5, 7]), [:], &random)
    try check(
      "MatMul", random.tensor([2, 3, 4, 5]), random.tensor([6, 4]), [:], weightFirst: true, &random)
  }

  @Test func `products of two activations or of integers are no layers`() throws {
    var graph = Graph()
    let x = graph.addInput("x", TensorType(.float32, [2, 2]))
    graph.outputs = [graph.addNode("MatMul", [x, x]), graph.addNode("Relu", [x])]
    let specialised = try Specialised(graph)
    #expect(LinearLayer(0, of: specialised) == nil)
    #expect(LinearLayer(1, of: specialised) == nil)
  }
}
