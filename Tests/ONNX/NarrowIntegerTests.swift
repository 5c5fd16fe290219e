import EspalierGraph
import EspalierONNX
import Testing

/// Integers of 4 and 2 bits, which are read as bytes where something makes other numbers of them.
@Suite struct NarrowIntegerTests {
  /// A weight that nodes read beside a scale.
  private func holding(_ type: Int64, _ bytes: [UInt8], count: Int64, _ nodes: [Message]) -> Message
  {
    model(
      graph: graph(
        nodes: nodes,
        initializers: [
          tensor("w", dims: [count], type: type, raw: bytes),
          tensor("s", dims: [], raw: [0, 0, 0, 64]),
        ]), opset: 25)
  }

  private let dequantised = [
    node("DequantizeLinear", ["w", "s"], ["d"]), node("Add", ["x", "d"], ["y"]),
  ]

  @Test(
    arguments: [
      (21, [0x10, 0xF8, 0x07], 5, [0, 1, 8, 15, 7]),
      (22, [0x10, 0xF8, 0x07], 5, [0, 1, -8, -1, 7]),
      (25, [0b11_10_01_00, 0b10], 5, [0, 1, 2, 3, 2]),
      (26, [0b11_10_01_00, 0b10], 5, [0, 1, -2, -1, -2]),
    ] as [(Int64, [UInt8], Int64, [Float])])
  func `numbers lie in the bytes from the lowest bits on`(
    _ type: Int64, _ bytes: [UInt8], _ count: Int64, _ expected: [Float]
  ) throws {
    let found = try importONNX(bytes: holding(type, bytes, count: count, dequantised).bytes)
    let weight = found.values.first { $0.name == "w" }?.constant
    #expect(weight?.floats == expected)
    let moved = [
      node("Identity", ["w"], ["t"]), node("DequantizeLinear", ["t", "s"], ["d"]),
      node("Add", ["x", "d"], ["y"]),
    ]
    #expect(throws: Never.self) {
      try importONNX(bytes: holding(type, bytes, count: count, moved).bytes)
    }
  }

  /// Bytes would saturate elsewhere, or have another type.
  @Test(
    arguments: [
      [node("QuantizeLinear", ["x", "s", "w"], ["y"], name: "n")],
      [node("Identity", ["w"], ["t"]), node("Neg", ["t"], ["y"], name: "n")],
      [node("DequantizeLinear", ["x", "w"], ["y"], name: "n")],
    ])
  func `what computes with them is refused by name`(_ nodes: [Message]) {
    let found = problems(importing: holding(22, [0x21], count: 2, nodes))
    #expect(found.map(\.code) == [.badType] && found.map(\.node) == ["n"])
    #expect(found.first?.message.contains("INT4") == true)
  }
}
