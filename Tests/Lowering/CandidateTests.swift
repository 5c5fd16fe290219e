import EspalierGraph
import EspalierLowering
import EspalierModelFile
import EspalierSeeded
import Testing

/// A device whose times are given, and who remembers what it was asked.
final class FakeTimer: LayerTimer {
  let device = "a device"
  private(set) var layers: [TimedLayer] = []
  private let answer: (TimedLayer) -> [UInt64?]

  init(_ answer: @escaping (TimedLayer) -> [UInt64?]) { self.answer = answer }

  func nanoseconds(of layer: TimedLayer) -> [UInt64?] {
    layers.append(layer)
    return answer(layer)
  }
}

/// Choice among candidates by a device's times.
@Suite struct CandidateTests {
  private func blocks(seed: UInt64 = 1) -> WeightCandidates {
    var random = Seeded(seed: seed)
    return WeightCandidates(Matrix(64, 9 * 64, taps: 9, &random).blocks(8, 4, &random).weight)
  }

  @Test func denseIsTheFirstCandidateOfEveryWeight() {
    var random = Seeded(seed: 1)
    let weights = [
      Matrix(64, 128, &random), Matrix(64, 128, &random).scattered(0.5, &random),
      Matrix(64, 128, width: 1, &random).scattered(0.9, &random),
    ]
    for matrix in weights {
      let candidates = WeightCandidates(matrix.weight)
      #expect(candidates.all[0].choice.encoding == .dense && candidates.all[0].cost == 1)
      #expect(candidates.all.dropFirst().allSatisfy { $0.choice.encoding != .dense })
    }
  }

  /// Every kernel that can hold zeros is a candidate, each once; none where there are no zeros.
  @Test func kernelsThatCanHoldTheZeros() {
    var random = Seeded(seed: 2)
    func names(_ matrix: Matrix) -> [String] {
      WeightCandidates(matrix.weight).all.dropFirst().map(\.choice.kernelName)
    }
    let wide = ["panels of 8", "panels of 4", "panels of 2", "pattern groups", "row pairs"]
    #expect(names(Matrix(64, 128, &random).runs(2, of: 4, height: 8, &random)) == wide)
    // Panels of 4 and 8 would leave nearly nothing out.
    #expect(
      names(Matrix(64, 128, &random).scattered(0.4, &random))
        == ["panels of 2", "pattern groups", "row pairs"])
    let vector = Matrix(64, 128, width: 1, &random).scattered(0.5, &random)
    #expect(names(vector).suffix(2) == ["sliced ELLPACK", "bitmap"])
    // Of a row's four columns, some keep all.
    #expect(!names(Matrix(64, 128, width: 1, &random).scattered(0.5, &random)).contains("N:4"))
    let strict = Matrix(64, 128, width: 1, &random).runs(2, of: 4, height: 1, &random)
    #expect(names(strict).contains("N:4"))
    #expect(WeightCandidates(strict.weight).expected.packing == .nOfFour)
    #expect(names(Matrix(64, 128, &random)).isEmpty)
  }

  /// A bit per weight pays where weights come from afar and half of them are left, not where they are
  /// near, or few.
  @Test func aBitmapPaysWhereBytesSetThePace() {
    var random = Seeded(seed: 3)
    func expected(_ rows: Int, _ share: Double) -> WeightPacking {
      WeightCandidates(Matrix(rows, 512, width: 1, &random).scattered(share, &random).weight)
        .expected.packing
    }
    #expect(expected(1024, 0.5) == .bitmap)
    #expect(expected(1000, 0.7) == .bitmap)
    #expect(expected(1024, 0.95) == .slicedEllpack)
    #expect(expected(256, 0.5) == .panels)
    // Fifteen of sixteen lanes would be idle.
    #expect(expected(1, 0.5) == .panels)
  }

  @Test func theFastestIsTaken() throws {
    let candidates = blocks()
    for number in candidates.all.indices.dropFirst() {
      var times = [UInt64?](repeating: 900_000, count: candidates.all.count)
      times[0] = 1_000_000
      times[number] = 400_000
      let choice = try #require(candidates.fastest(times))
      #expect(choice.kernelName == candidates.all[number].choice.kernelName)
      #expect(choice.encoding == (choice.packing == .panels ? .block : .unstructured))
      #expect(choice.times == MeasuredTimes(chosen: 400_000, dense: 1_000_000))
      #expect(choice.reason == "measured 0.400 ms, dense 1.00 ms (2.50x)")
    }
  }

  @Test(arguments: [980_000, 1_000_000, 1_200_000, 5_000_000] as [UInt64])
  func whatIsNoFasterThanDenseIsRefused(time: UInt64) throws {
    let candidates = blocks()
    var times = [UInt64?](repeating: time, count: candidates.all.count)
    times[0] = 1_000_000
    let choice = try #require(candidates.fastest(times))
    #expect(choice.encoding == .dense && choice.packing == .panels)
    #expect(choice.times == MeasuredTimes(chosen: 1_000_000, dense: 1_000_000))
    #expect(choice.reason.hasPrefix("dense takes 1.00 ms, block:8x4 in panels of 8 "))
  }

  @Test func whatDoesNotRunIsNotTaken() throws {
    let candidates = blocks()
    var times = [UInt64?](repeating: nil, count: candidates.all.count)
    #expect(candidates.fastest(times) == nil)
    times[1] = 5
    #expect(candidates.fastest(times) == nil)
    times[1] = nil
    times[0] = 70
    #expect(try #require(candidates.fastest(times)).encoding == .dense)
  }

  /// Three layers of which the first two are alike but for the places of their zeros.
  private func network() throws -> Specialised {
    var network = Network([1, 32, 9, 9])
    func pruned(_ shape: [Int], _ shares: (Int) -> Bool) -> Graph.ValueID {
      var values = network.random.tensor(shape, around: 0).floats
      for index in values.indices where shares(index) { values[index] = 0 }
      return network.constant(Tensor(values, shape: shape))
    }
    let first = pruned([32, 32, 1, 1]) { $0 / 32 % 16 < 8 }
    let second = pruned([32, 32, 1, 1]) { $0 / 32 % 16 >= 8 }
    let third = pruned([32, 32, 1, 1]) { $0 / 32 % 32 < 8 }
    let dense = network.random([32, 32, 1, 1])
    let bias = network.random([32])
    let a = network.node("Relu", [network.node("Conv", [network.x, first, bias])])
    let b = network.node("Relu", [network.node("Conv", [a, second, bias])])
    let c = network.node("Add", [network.node("Conv", [b, third, bias]), a])
    var graph = network.graph
    graph.outputs = [graph.addNode("Conv", [c, dense])]
    return try Specialised(graph)
  }

  @Test func theFileKeepsTimesAndDevice() throws {
    let timer = FakeTimer { layer in
      [1000] + (1..<layer.candidateCount).map { 500 + UInt64($0) }
    }
    let lowered = try lower(network(), options: LoweringOptions(timer: timer))
    #expect(timer.layers.count == 3, "the layer without zeros has no candidates")
    #expect(lowered.layers.map { $0.times?.chosen } == [501, 501, 501, nil])
    #expect(lowered.layers.map { $0.times?.dense } == [1000, 1000, 1000, nil])
    try VerifiedModel.withCopy(of: lowered.description.bytes()) { file throws(ModelFileError) in
      try file.checkSemantics()
      #expect(file.device.string == "a device")
      #expect(file.weight(0).times == MeasuredTimes(chosen: 501, dense: 1000))
      #expect(file.weight(0).reason.string == "measured 0.0005 ms, dense 0.0010 ms (2.00x)")
      #expect(file.weight(3).times == nil)
    }
    let untimed = try lower(network())
    #expect(untimed.description.device.isEmpty)
    #expect(untimed.layers.allSatisfy { $0.times == nil })
  }

  /// A device that cannot say what dense takes leaves the choice to the model.
  @Test func withoutATimeTheModelDecides() throws {
    let timer = FakeTimer { [UInt64?](repeating: nil, count: $0.candidateCount) }
    let lowered = try lower(network(), options: LoweringOptions(timer: timer))
    let untimed = try lower(network())
    #expect(lowered.layers.map(\.reason) == untimed.layers.map(\.reason))
  }

  @Test func denseOnRequestAsksNobody() throws {
    let timer = FakeTimer { _ in [] }
    let options = LoweringOptions(allowsSparse: false, timer: timer)
    #expect(try lower(network(), options: options).layers.allSatisfy { $0.encoding == "dense" })
    #expect(timer.layers.isEmpty)
  }

  /// Layers share times where geometry, kernels and fullness agree, and only there.
  @Test func keysAreAlikeForWhatTakesAsLong() throws {
    let timer = FakeTimer { [UInt64?](repeating: nil, count: $0.candidateCount) }
    _ = try lower(network(), options: LoweringOptions(timer: timer))
    let keys = timer.layers.map(\.key)
    #expect(keys[0] == keys[1])
    #expect(keys[0] != keys[2])
    #expect(!keys.contains { $0.contains("\n") || $0.contains("\t") })
  }

  /// What the device is asked to run is a model like any other: the layer twice, on its own inputs.
  @Test func candidatesAreModels() throws {
    let timer = FakeTimer { [UInt64?](repeating: nil, count: $0.candidateCount) }
    _ = try lower(network(), options: LoweringOptions(timer: timer))
    for layer in timer.layers {
      for candidate in 0..<layer.candidateCount {
        let model = layer.model(ofCandidate: candidate)
        #expect(model.steps.count == 2 && model.weights.count == 2)
        #expect(model.weights[0].values.floats == model.weights[1].values.floats)
        #expect(throws: Never.self) {
          try VerifiedModel.withCopy(of: model.bytes()) { file throws(ModelFileError) in
            try file.checkSemantics()
          }
        }
      }
    }
    // The third adds the first's output: two inputs.
    #expect(timer.layers.map { $0.model(ofCandidate: 0).inputs.count } == [1, 1, 2])
  }
}
