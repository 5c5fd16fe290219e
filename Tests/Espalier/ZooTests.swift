import EspalierGraph
import Testing

@testable import Espalier

@Suite struct ZooTests {
  struct Published: Sendable, CustomTestStringConvertible {
    var name: String
    var parameters: Int
    /// Multiply-accumulate operations in units of 10⁹.
    var operations: Double
    var testDescription: String { name }
  }

  /// Torchvision's counts; MobileNet's and BERT's papers and released models.
  static let published = [
    Published(name: "resnet18", parameters: 11_689_512, operations: 1.81),
    Published(name: "resnet50", parameters: 25_557_032, operations: 4.09),
    Published(name: "mobilenet_v1", parameters: 4_231_976, operations: 0.57),
    Published(name: "mobilenet_v2", parameters: 3_504_872, operations: 0.30),
    Published(name: "efficientnet_b0", parameters: 5_288_548, operations: 0.39),
    Published(name: "vit_b_16", parameters: 86_567_656, operations: 17.56),
    // 4 layers of 12 * 512² * 128, with attention's 2 * 128² * 512, and the pooler.
    Published(name: "bert_small", parameters: 28_763_648, operations: 1.678),
  ]

  @Test(arguments: published)
  func countsAreThePublishedOnes(expected: Published) throws {
    let architecture = try #require(Zoo.architecture(named: expected.name))
    let graph = architecture.graph()
    #expect(graph.validate().isEmpty)
    #expect(graph.parameterCount == expected.parameters)
    let specialised = try Specialised(graph)
    let operations = specialised.graph.nodes.indices.reduce(0) {
      $0 + specialised.multiplyAccumulates(ofNode: $1)
    }
    let ratio = Double(operations) / 1e9 / expected.operations
    #expect(abs(ratio - 1) < 0.02, "\(operations) operations")
  }

  @Test func everyArchitectureIsListedOnceAndCounted() {
    #expect(Zoo.architectures.map(\.name) == Self.published.map(\.name))
    #expect(Zoo.architecture(named: "resnet-50") == nil)
  }

  @Test(arguments: Zoo.architectures.map(\.name))
  func inputsAndOutputsAreDeclared(name: String) throws {
    let graph = try #require(Zoo.architecture(named: name)).graph(seed: 0, imageSize: 224)
    #expect(graph.opset == 17)
    let specialised = try Specialised(graph)
    for output in graph.outputs {
      #expect(
        graph.values[output].shape == specialised.type(of: output).shape.map { .fixed($0) })
    }
    let inputs = graph.inputs.map { "\(graph.values[$0].name) \(specialised.type(of: $0))" }
    let outputs = graph.outputs.map { "\(graph.values[$0].name) \(specialised.type(of: $0))" }
    if name == "bert_small" {
      #expect(inputs == ["input_ids int64[1x128]", "attention_mask int64[1x128]"])
      #expect(
        outputs == ["last_hidden_state float32[1x128x512]", "pooler_output float32[1x512]"])
    } else {
      #expect(inputs == ["input float32[1x3x224x224]"])
      #expect(outputs == ["logits float32[1x1000]"])
    }
  }

  @Test func theSeedDecidesEveryWeight() throws {
    let architecture = try #require(Zoo.architecture(named: "mobilenet_v2"))
    let weights = { (seed: UInt64) in
      architecture.graph(seed: seed).values.compactMap(\.constant).filter { $0.count > 1000 }
    }
    let first = weights(1)
    #expect(first == weights(1))
    #expect(zip(first, weights(2)).allSatisfy { $0 != $1 })
  }

  /// Every node's values stay in range, and two images are told apart.
  @Test(arguments: [
    "resnet18", "resnet50", "mobilenet_v1", "mobilenet_v2", "efficientnet_b0", "vit_b_16",
  ])
  func activationsStayInRangeAndFollowTheImage(name: String) throws {
    let size = 64
    var graph = try #require(Zoo.architecture(named: name)).graph(seed: 0, imageSize: size)
    // Every activation becomes an output.
    graph.outputs += graph.nodes.flatMap { $0.outputs.compactMap { $0 } }
      .filter { !graph.outputs.contains($0) }
    let interpreter = try Interpreter(Specialised(graph))
    var answers: [[Float]] = []
    for seed in [UInt64(1), 2] {
      var random = NormalGenerator(seed: seed)
      let image = Tensor(
        random.normals(3 * size * size, deviation: 1), shape: [1, 3, size, size])
      let values = try interpreter.run(["input": image])
      for (name, tensor) in values {
        let largest = tensor.floats.map(abs).max()!
        let deviation = spread(tensor.floats)
        #expect(largest < 100 && deviation > 0.003, "\(name): \(largest), \(deviation)")
      }
      answers.append(values["logits"]!.floats)
    }
    #expect((0.2...20).contains(spread(answers[0])))
    #expect(difference(answers) > 0.3)
  }

  @Test func theEncoderFollowsItsTokensAndItsMask() throws {
    let interpreter = try Interpreter(
      Specialised(#require(Zoo.architecture(named: "bert_small")).graph()))
    let run = { (words: [Int64], mask: [Int64]) in
      try interpreter.run([
        "input_ids": Tensor(integers: words, shape: [1, 128]),
        "attention_mask": Tensor(integers: mask, shape: [1, 128]),
      ])["pooler_output"]!.floats
    }
    let words = (0..<128).map { Int64($0 * 37 + 101) }
    let ones = [Int64](repeating: 1, count: 128)
    let half = ones[..<64] + [Int64](repeating: 0, count: 64)
    let other = words[..<64] + words[64...].map { $0 + 1 }
    let whole = try run(words, ones)
    #expect(whole.allSatisfy { abs($0) <= 1 } && spread(whole) > 0.1)
    #expect(difference([whole, try run(Array(other), ones)]) > 0.05)
    // What is masked does not matter at all.
    #expect(try run(words, Array(half)) == run(Array(other), Array(half)))
  }

  private func spread(_ values: [Float]) -> Double {
    let numbers = values.map(Double.init)
    let mean = numbers.reduce(0, +) / Double(numbers.count)
    return (numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(numbers.count))
      .squareRoot()
  }

  /// How far two answers are apart, in units of their spread.
  private func difference(_ answers: [[Float]]) -> Double {
    spread(zip(answers[0], answers[1]).map { $0 - $1 }) / spread(answers[0])
  }
}
