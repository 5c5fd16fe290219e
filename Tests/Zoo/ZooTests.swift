import EspalierGraph
import Testing

@testable import EspalierZoo

@Suite struct ZooTests {
  struct Published: Sendable, CustomTestStringConvertible {
    var name: String
    var parameters: Int
    /// Multiply-accumulate operations in units of 10⁹.
    var operations: Double
    var inputs = ["input float32[1x3x224x224]"]
    var outputs = ["logits float32[1x1000]"]
    /// Height of the image, or what the network takes, in tests that run it.
    var testSize = 64
    /// What no activation reaches; boxes are in pixels, and cubes and masked scores are larger.
    var largest: Float = 100
    var testDescription: String { name }
  }

  /// Torchvision's counts for its networks; MobileNet's and BERT's papers and released models;
  /// Ultralytics' for YOLOv5m (49.0 GFLOPs). What has no count to compare with is added up by hand.
  static let published = [
    Published(name: "resnet18", parameters: 11_689_512, operations: 1.81),
    Published(name: "resnet50", parameters: 25_557_032, operations: 4.09),
    Published(name: "densenet121", parameters: 7_978_856, operations: 2.834),
    Published(name: "mobilenet_v1", parameters: 4_231_976, operations: 0.57),
    Published(name: "mobilenet_v2", parameters: 3_504_872, operations: 0.30),
    Published(name: "efficientnet_b0", parameters: 5_288_548, operations: 0.39),
    Published(name: "vit_b_16", parameters: 86_567_656, operations: 17.56),
    // Windows divide the map at this size.
    Published(
      name: "swin_t", parameters: 28_288_354, operations: 4.491, testSize: 224,
      largest: 200),
    Published(
      name: "yolov5m", parameters: 21_190_557, operations: 24.5,
      inputs: ["input float32[1x3x640x640]"], outputs: ["output float32[1x25200x85]"],
      largest: 2000),
    Published(
      name: "bisenetv2", parameters: 3_358_627, operations: 24.603,
      inputs: ["input float32[1x3x512x1024]"], outputs: ["logits float32[1x19x512x1024]"]),
    Published(
      name: "unet", parameters: 31_037_698, operations: 48.17,
      inputs: ["input float32[1x3x256x256]"], outputs: ["logits float32[1x2x256x256]"],
      testSize: 32),
    // A quarter of the taps meet each pixel: 3 * 2²⁷ and the two ends.
    Published(
      name: "dcgan_generator", parameters: 12_674_819, operations: 0.4106,
      inputs: ["noise float32[1x100]"], outputs: ["image float32[1x3x64x64]"]),
    // 4 layers of 12 * 512² * 128, with attention's 2 * 128² * 512, and the pooler.
    Published(
      name: "bert_small", parameters: 28_763_648, operations: 1.678,
      inputs: ["input_ids int64[1x128]", "attention_mask int64[1x128]"],
      outputs: ["last_hidden_state float32[1x128x512]", "pooler_output float32[1x512]"]),
    // 4 layers of 12 * 512² * 64, the head, and attention's 2 * 64² * 512; 1024 places.
    Published(
      name: "gpt_decoder", parameters: 21_523_456, operations: 1.0905,
      inputs: ["input_ids int64[1x64]"], outputs: ["logits float32[1x64x8192]"],
      largest: 200),
    // 4 layers of (2 + 2 / 4) * 512² + 3 * 512 * 1376, the head, and attention.
    Published(
      name: "llama_decoder", parameters: 19_468_800, operations: 0.9941,
      inputs: ["input_ids int64[1x64]"], outputs: ["logits float32[1x64x8192]"],
      largest: 200),
    // PyTorch's count of the same layers; 4 gates of 256 by 128 + 256, then by 512 + 256.
    Published(
      name: "lstm_tagger", parameters: 3_424_785, operations: 0.07578,
      inputs: ["input_ids int64[1x32]"], outputs: ["tags float32[1x32x17]"]),
    Published(
      name: "gru_tagger", parameters: 2_832_913, operations: 0.05690,
      inputs: ["input_ids int64[1x32]"], outputs: ["tags float32[1x32x17]"]),
    Published(
      name: "graph_network", parameters: 72_586, operations: 0.006555,
      inputs: ["features float32[64x32]", "adjacency float32[64x64]"],
      outputs: ["logits float32[1x10]"]),
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

  @Test(arguments: published)
  func inputsAndOutputsAreDeclared(expected: Published) throws {
    let graph = try #require(Zoo.architecture(named: expected.name)).graph()
    #expect(graph.opset == 17)
    let specialised = try Specialised(graph)
    for output in graph.outputs {
      #expect(
        graph.values[output].shape == specialised.type(of: output).shape.map { .fixed($0) })
    }
    func described(_ values: [Graph.ValueID]) -> [String] {
      values.map { "\(graph.values[$0].name) \(specialised.type(of: $0))" }
    }
    #expect(described(graph.inputs) == expected.inputs)
    #expect(described(graph.outputs) == expected.outputs)
  }

  /// Every initializer is read by some node: what is counted is what computes.
  @Test(arguments: Zoo.architectures.map(\.name))
  func nothingIsLeftOver(name: String) throws {
    let graph = try #require(Zoo.architecture(named: name)).graph()
    let read = Set(graph.nodes.flatMap { $0.inputs.compactMap { $0 } })
    let unread = graph.values.indices.filter { id in
      graph.values[id].constant != nil && !read.contains(id)
    }
    #expect(unread.map { graph.values[$0].name } == [])
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

  /// Every node's values stay in range and differ within a tensor, and other inputs give other
  /// outputs.
  @Test(arguments: published)
  func activationsStayInRangeAndFollowTheInput(expected: Published) throws {
    var graph = try #require(Zoo.architecture(named: expected.name))
      .graph(seed: 0, imageSize: expected.testSize)
    let outputs = graph.outputs
    // Every activation becomes an output.
    let folded = try Specialised(graph).constants
    graph.outputs += graph.nodes.flatMap { $0.outputs.compactMap { $0 } }
      .filter { !outputs.contains($0) && folded[$0] == nil }
    let typed = try Specialised(graph)
    let interpreter = Interpreter(typed)
    var answers: [[[Float]]] = []
    for seed in [UInt64(1), 2] {
      let values = try interpreter.run(typed.randomInputs(seed: seed))
      for (name, tensor) in values where tensor.elementType == .float32 {
        let largest = tensor.floats.map(abs).max()!
        let deviation = spread(tensor.floats)
        // Masks take away as much as there is.
        guard !name.contains("mask") else { continue }
        #expect(
          largest < expected.largest && deviation > 0.003, "\(name): \(largest), \(deviation)")
      }
      answers.append(outputs.map { values[graph.values[$0].name]!.floats })
    }
    for (first, second) in zip(answers[0], answers[1]) {
      #expect(spread(first) > 0.2)
      #expect(difference([first, second]) > 0.2)
    }
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
