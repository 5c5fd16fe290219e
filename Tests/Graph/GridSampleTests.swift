import EspalierGraph
import Testing

@Suite struct GridSampleTests {
  private func attributes(
    _ mode: String, _ padding: String = "zeros", corners: Bool = false
  ) -> [String: Attribute] {
    [
      "mode": .string(Array(mode.utf8)), "padding_mode": .string(Array(padding.utf8)),
      "align_corners": .integer(corners ? 1 : 0),
    ]
  }

  /// Samples the row 1, 2, 4, 8 at some coordinates.
  private func row(
    _ coordinates: [Float], _ attributes: [String: Attribute]
  ) throws -> [Float] {
    try evaluating(
      .gridSample,
      [
        Tensor([1, 2, 4, 8], shape: [1, 1, 4]),
        Tensor(coordinates, shape: [1, coordinates.count, 1]),
      ], attributes)[0].floats
  }

  // With edges at -1 and 1, the coordinate c is place 2c + 1.5; with corners aligned, 1.5c + 1.5.
  @Test(
    arguments: [
      // places 0, 1.5 (a half: to the even 2), 2.25, -0.75, 4.75
      ("nearest", "zeros", false, [1, 4, 4, 0, 0]), ("nearest", "border", false, [1, 4, 4, 1, 8]),
      // Beyond the edge the first is itself mirrored: -1 is 0, 5 is 2.
      ("nearest", "reflection", false, [1, 4, 4, 1, 4]),
      // 1/4 of 1 at -0.75; nothing at 4.75, mirrored the place 2.25 between 4 and 8
      ("linear", "zeros", false, [1, 3, 5, 0.25, 0]), ("linear", "border", false, [1, 3, 5, 1, 8]),
      ("bilinear", "reflection", false, [1, 3, 5, 1, 5]),
      // places 0.375, 1.5, 2.0625, -0.1875, 3.9375
      ("linear", "zeros", true, [1.375, 3, 4.25, 0.8125, 0.5]),
      ("linear", "reflection", true, [1.375, 3, 4.25, 1.1875, 4.25]),
    ] as [(String, String, Bool, [Float])])
  func `a row of four`(mode: String, padding: String, corners: Bool, expected: [Float]) throws {
    let y = try row(
      [-0.75, 0, 0.375, -1.125, 1.625], attributes(mode, padding, corners: corners))
    #expect(agree(y, expected), "\(y)")
  }

  @Test func `a cubic in the middle of a row`() throws {
    // Half way the weights are -3/32, 19/32, 19/32, -3/32.
    let expected: Float = (19 * (2 + 4) - 3 * (1 + 8)) / 32
    #expect(agree(try row([0], attributes("cubic")), [expected]))
    #expect(agree(try row([0], attributes("bicubic", corners: true)), [expected]))
    // Half a place before the first, among the places -2, -1, 0, 1.
    for (padding, around) in [
      ("zeros", [0, 0, 1, 2]), ("border", [1, 1, 1, 2]), ("reflection", [2, 1, 1, 2]),
    ] as [(String, [Float])] {
      let edge = (19 * (around[1] + around[2]) - 3 * (around[0] + around[3])) / 32
      #expect(agree(try row([-1], attributes("cubic", padding)), [edge]))
    }
  }

  /// The last axis's coordinate comes first; every channel has the same places, every image its own.
  @Test func `channels, images and the order of axes`() throws {
    let x = Tensor((0..<24).map { Float($0) }, shape: [2, 2, 2, 3])
    let grid = Tensor([1, -1, -1, 1], shape: [2, 1, 1, 2])
    let y = try evaluating(.gridSample, [x, grid], attributes("nearest", corners: true))
    #expect(y[0].shape == [2, 2, 1, 1])
    #expect(y[0].floats == [2, 8, 15, 21])
    let volume = Tensor((0..<24).map { Float($0) }, shape: [1, 1, 2, 3, 4])
    let middle = Tensor([0, 0, 0, 1, 0, -1], shape: [1, 1, 1, 2, 3])
    #expect(
      try evaluating(.gridSample, [volume, middle], attributes("linear", corners: true))[0].floats
        == [11.5, 7])
  }

  /// As onnxruntime has it: weights of no number, but the nearest element has none.
  @Test func `coordinates that are no numbers`() throws {
    let wild: [Float] = [.nan, .infinity, -.infinity]
    for padding in ["zeros", "border", "reflection"] {
      for mode in ["linear", "cubic"] {
        #expect(try row(wild, attributes(mode, padding)).allSatisfy(\.isNaN))
      }
    }
    #expect(try row(wild, attributes("nearest", "zeros")) == [0, 0, 0])
    #expect(try row(wild, attributes("nearest", "border")) == [1, 8, 1])
    #expect(try row(wild, attributes("nearest", "reflection")) == [1, 1, 1])
    for mode in ["nearest", "linear", "cubic"] {
      #expect(try row([1e30, -1e30], attributes(mode)) == [0, 0])
      #expect(agree(try row([1e30, -1e30], attributes(mode, "border")), [8, 1]))
    }
  }

  @Test func `what does not fit is refused`() {
    let (x, grid) = (ones([1, 2, 3, 4]), ones([1, 5, 5, 2]))
    #expect(errorCode(.gridSample, [x, grid]) == nil)
    #expect(errorCode(.gridSample, [x]) == .badArity)
    #expect(errorCode(.gridSample, [x, grid], attributes("area")) == .badAttribute)
    #expect(errorCode(.gridSample, [x, grid], attributes("linear", "wrap")) == .badAttribute)
    #expect(errorCode(.gridSample, [x, ones([2, 5, 5, 2])]) == .badShape)
    #expect(errorCode(.gridSample, [x, ones([1, 5, 5, 3])]) == .badShape)
    #expect(errorCode(.gridSample, [x, ones([1, 5, 2])]) == .badShape)
    #expect(errorCode(.gridSample, [ones([1, 2, 0, 4]), grid]) == .badShape)
    #expect(errorCode(.gridSample, [ones([1, 2, 3]), ones([1, 5, 1])], opset: 16) == .badShape)
    #expect(
      errorCode(.gridSample, [x, Tensor(integers: [0, 0], shape: [1, 1, 1, 2])]) == .badType)
  }
}
