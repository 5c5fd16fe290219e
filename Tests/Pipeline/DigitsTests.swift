import Espalier
import EspalierGraph
import Testing

/// The trained example: the runtime reads exactly the digits that the reference reads.
@Suite struct DigitsTests {
  static let folder =
    String(#filePath.dropLast("Tests/Pipeline/DigitsTests.swift".count))
    + "Examples/digits"

  /// The images of 360 that each network reads rightly; README shows them as shares. Which kernels
  /// compute it changes no digit.
  @Test(arguments: [
    ("", 359), ("vnm:8:2:4", 358), ("nm:2:4", 358), ("block:16x8", 359),
    ("unstructured", 359),
  ])
  func accuracyIsTheReferences(pattern: String, expectedRight: Int) throws {
    var graph = try Graph(contentsOf: "\(Self.folder)/digits.onnx")
    if !pattern.isEmpty {
      let isFree = pattern.hasPrefix("block") || pattern == "unstructured"
      // As the example prunes it.
      let pruner = try MagnitudePruner(
        pattern: PruningPattern(parsing: pattern), sparsity: isFree ? 0.7 : nil, scope: .global)
      graph = try pruner.pruned(graph).0
    }
    let images = try Tensor(contentsOf: "\(Self.folder)/images.npy")
    let labels = try Tensor(contentsOf: "\(Self.folder)/labels.npy").integers
    #expect(labels.count == 360)
    // The reference is slow; it reads part of the images, of pruned networks fewer.
    let compared = pattern.isEmpty ? 120 : 60
    let typed = try specialise(graph, file: "digits")
    let model = try loadModel(bytes: Conversion(typed, file: "digits").bytes(), name: "digits")
    let interpreter = Interpreter(typed)
    let name = model.inputs[0].name
    let shape = model.inputs[0].dims
    let size = shape.reduce(1, *)
    let pixels = images.floats
    for set in availableSets {
      var session = try Session(model, instructionSet: set)
      var right = 0
      for (index, label) in labels.enumerated() {
        let image = Array(pixels[index * size..<(index + 1) * size])
        var scores = [Float](repeating: 0, count: 10)
        var output = scores.mutableSpan
        try session.run(image.span, into: &output)
        right += largest(scores) == Int(label) ? 1 : 0
        guard index < compared, set == .best else { continue }
        let expected = try interpreter.run([name: Tensor(image, shape: shape)]).first!.value
        #expect(largest(scores) == largest(expected.floats), "image \(index)")
        let found = difference(Tensor(scores, shape: expected.shape), expected)
        #expect(found == nil, "image \(index): \(found ?? "")")
      }
      #expect(right == expectedRight, "\(set.name)")
    }
  }

  private func largest(_ scores: [Float]) -> Int {
    scores.indices.max { scores[$0] < scores[$1] }!
  }
}
