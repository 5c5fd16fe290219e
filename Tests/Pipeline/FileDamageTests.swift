import Espalier
import EspalierGraph
import EspalierLowering
import EspalierModelFile
import EspalierSeeded
import Testing

/// A small packed file with every packing: cut at every byte, and with every bit flipped.
@Suite struct FileDamageTests {
  let bytes: [UInt8]

  init() throws {
    var model = try lower(Specialised(Self.network()))
    // No layer this small would be given these. The last are matrix-vector products, one for each
    // packing that is for such alone. The two before them are 3 by 3.
    let products = model.description.weights.count - Self.ofProducts.count
    Self.pack(&model.description.weights[0], as: .rowPairs, height: 2)
    Self.pack(&model.description.weights[2], as: .panels, height: 8, block: [8, 1])
    Self.pack(&model.description.weights[3], as: .patternGroups, height: 4)
    for (index, packing) in Self.ofProducts.enumerated() {
      Self.pack(&model.description.weights[products + index], as: packing, height: 16)
    }
    Self.transform(&model.description.weights[products - 2], .winograd2)
    Self.transform(&model.description.weights[products - 1], .winograd4)
    bytes = try model.description.bytes()
    let packings = Set(model.description.weights.map(\.packing))
    #expect(packings.count == WeightPacking.allCases.count, "only \(packings)")
    let encodings = Set(model.description.weights.map(\.encoding))
    #expect(encodings.count >= 3, "only \(encodings)")
  }

  @Test func theSampleRuns() throws {
    let results = try run(bytes)
    #expect(results.allSatisfy { $0.allSatisfy(\.isFinite) })
  }

  @Test func everyTruncationIsRefused() {
    for length in 0..<bytes.count {
      #expect(!isAccepted(Array(bytes[..<length])), "length \(length)")
    }
  }

  @Test func everyFlippedBitIsRefusedOrHarmless() throws {
    let expected = try run(bytes)
    var damaged = bytes
    var accepted = 0
    for bit in 0..<bytes.count * 8 {
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      if isAccepted(damaged) {
        accepted += 1
        #expect(try run(damaged) == expected, "bit \(bit)")
      }
      damaged[bit / 8] = bytes[bit / 8]
    }
    // Everything is under a checksum, so nothing should be accepted at all.
    #expect(accepted == 0)
  }

  /// With the sums put right again, gates behind them are alone: refused, or run without a fault.
  @Test func damageUnderAGoodSumNeverCrashes() throws {
    var random = Seeded(seed: 77)
    var (refused, ran) = (0, 0)
    for _ in 0..<20_000 {
      var damaged = bytes
      for _ in 0..<random.next(in: 1...3) {
        let place = random.next(in: 64...bytes.count - 1)
        damaged[place] = random.pick([
          0, 1, 0x7F, 0x80, 0xFF, UInt8(truncatingIfNeeded: random.next()),
        ])
      }
      resum(&damaged)
      if (try? run(damaged)) != nil { ran += 1 } else { refused += 1 }
    }
    // Both what refuses and what computes is met often; the more lists a file has, the more refuses.
    #expect(refused > 8_000 && ran > 4_500, "seed 77: \(refused) refused, \(ran) ran")
  }

  private func isAccepted(_ bytes: [UInt8]) -> Bool {
    do {
      _ = try Model(copying: bytes.span)
      return true
    } catch {
      return false
    }
  }

  private func run(_ bytes: [UInt8]) throws -> [[Float]] {
    let model = try Model(copying: bytes.span)
    guard model.arenaBytes < 1 << 24 else { return [] }
    var session = try Session(model)
    for position in model.inputs.indices {
      let zeros = [UInt8](repeating: 0x3E, count: model.inputs[position].byteCount)
      session.setInput(position, from: zeros.span)
    }
    try session.run()
    return model.outputs.indices.map { position in
      unsafe session.withOutput(position) { bytes in
        (0..<bytes.count / 4).map {
          unsafe bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self)
        }
      }
    }
  }

  // MARK: The sample

  /// For products with vectors alone.
  private static let ofProducts = WeightPacking.allCases.filter(\.isForVectors)

  private static func network() -> Graph {
    var random = Seeded(seed: 8)
    var graph = Graph()
    graph.opset = 17
    var y = graph.addInput("x", TensorType(.float32, [1, 4, 3, 3]))
    func convolution(_ shape: [Int], _ isZero: (Int) -> Bool, groups: Int = 1) {
      let dense = random.tensor(shape).floats
      let values = dense.indices.map { isZero($0) ? 0 : dense[$0] }
      let weight = graph.addConstant(
        "w\(graph.values.count)", Tensor(values, shape: shape))
      y = graph.addNode("Conv", [y, weight], attributes: ["group": .integer(Int64(groups))])
    }
    convolution([8, 4, 1, 1]) { _ in false }
    convolution([8, 1, 1, 1], { _ in false }, groups: 8)
    convolution([8, 8, 1, 1]) { ($0 % 8) / 4 == 0 }
    convolution([8, 8, 1, 1]) { $0 % 3 != $0 / 8 % 3 }
    let wide = y
    y = graph.addInput("small", TensorType(.float32, [1, 1, 5, 6]))
    convolution([1, 1, 3, 3]) { _ in false }
    convolution([1, 1, 3, 3]) { _ in false }
    graph.outputs = [y]
    y = graph.addNode("Flatten", [graph.addNode("GlobalAveragePool", [wide])])
    for index in ofProducts.indices {
      let shape = [index == 0 ? 8 : 3, index == ofProducts.count - 1 ? 2 : 3]
      y = graph.addNode(
        "MatMul", [y, graph.addConstant("product \(index)", random.tensor(shape))])
    }
    graph.outputs.append(y)
    return graph
  }

  /// The only row of a 3 by 3 convolution again as Winograd has it; no layer this small would be.
  private static func transform(_ weight: inout WeightDescription, _ packing: WeightPacking) {
    weight = WeightDescription(
      weight.unpacked()!, in: packing, PackingChoice(.dense, panelHeight: 8))
  }

  /// Packs a weight again in another way.
  private static func pack(
    _ weight: inout WeightDescription, as packing: WeightPacking, height: Int, block: [Int] = []
  ) {
    weight = WeightDescription(
      weight.unpacked()!, in: packing,
      PackingChoice(
        block.isEmpty ? .unstructured : .block, pattern: block, panelHeight: height))
  }
}

/// Puts the three sums of a file's prefix right, as `model.fbs` places them.
private func resum(_ bytes: inout [UInt8]) {
  func number(_ place: Int, _ width: Int) -> Int {
    (0..<width).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
  }
  func put(_ value: UInt32, _ place: Int) {
    for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
  }
  let (header, values) = (number(48, 4), number(32, 8))
  put(castagnoli(bytes[64..<64 + header]), 52)
  put(castagnoli(bytes[values...]), 56)
  put(castagnoli(bytes[..<60]), 60)
}

private let castagnoliTable: [UInt32] = (0..<256).map { start in
  (0..<8).reduce(UInt32(start)) { sum, _ in sum & 1 == 1 ? sum >> 1 ^ 0x82F6_3B78 : sum >> 1 }
}

private func castagnoli(_ bytes: ArraySlice<UInt8>) -> UInt32 {
  ~bytes.reduce(~0) { sum, byte in
    sum >> 8 ^ castagnoliTable[Int(UInt8(truncatingIfNeeded: sum) ^ byte)]
  }
}
