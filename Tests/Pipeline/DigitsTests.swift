import Espalier
import Testing

/// The trained example: the runtime reads exactly the digits that the reference reads.
@Suite struct DigitsTests {
  static let folder =
    String(#filePath.dropLast("Tests/Pipeline/DigitsTests.swift".count))
    + "Examples/digits"

  @Test(arguments: ["", "vnm:8:2:4", "nm:2:4", "block:16x8", "unstructured"])
  func accuracyIsTheReferences(pattern: String) throws {
    var graph = try loadGraph("\(Self.folder)/digits.onnx")
    if !pattern.isEmpty {
      let isFree = pattern.hasPrefix("block") || pattern == "unstructured"
      let pruner = try MagnitudePruner(
        pattern: PruningPattern(parsing: pattern), sparsity: isFree ? 0.7 : nil)
      graph = try pruner.pruned(graph).0
    }
    let images = try readNumPy("\(Self.folder)/images.npy")
    // The reference is slow; pruned networks are compared on part of the images.
    let labels = try readNumPy("\(Self.folder)/labels.npy").integers
      .prefix(pattern.isEmpty ? 120 : 60)
    let typed = try specialise(graph, file: "digits")
    let model = try loadModel(bytes: Conversion(typed, file: "digits").bytes(), name: "digits")
    let interpreter = Interpreter(typed)
    let name = model.inputs[0].name
    let shape = model.inputs[0].dims
    let size = shape.reduce(1, *)
    let pixels = images.floats
    var session = try Session(model)
    var (right, reference, agreeing) = (0, 0, 0)
    for (index, label) in labels.enumerated() {
      let image = Array(pixels[index * size..<(index + 1) * size])
      var scores = [Float](repeating: 0, count: 10)
      var output = scores.mutableSpan
      try session.run(image.span, into: &output)
      let expected = try interpreter.run([name: Tensor(image, shape: shape)]).first!.value.floats
      let (own, other) = (largest(scores), largest(expected))
      right += own == Int(label) ? 1 : 0
      reference += other == Int(label) ? 1 : 0
      agreeing += own == other ? 1 : 0
    }
    #expect(right == reference)
    #expect(agreeing == labels.count)
    // A trained network, not a random one: most digits are read rightly even when pruned.
    #expect(right * 100 > labels.count * (pattern.isEmpty ? 95 : 50), "\(right) of \(labels.count)")
  }

  private func largest(_ scores: [Float]) -> Int {
    scores.indices.max { scores[$0] < scores[$1] }!
  }
}
