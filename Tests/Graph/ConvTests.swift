import EspalierGraph
import EspalierSeeded
import Testing

@Suite struct ConvTests {
  @Test func `a kernel of ones sums its window`() throws {
    let y = try evaluating(.conv, [ramp([1, 1, 3, 3]), ones([1, 1, 2, 2])])
    #expect(y[0].floats == [8, 12, 20, 24])
  }

  @Test func `padding counts as zero and the bias is added once`() throws {
    let bias = Tensor([100], shape: [1])
    let y = try evaluating(
      .conv, [ramp([1, 1, 3]), ones([1, 1, 3]), bias], ["pads": .integers([1, 1])])
    #expect(y[0].floats == [101, 103, 103])
  }

  @Test func `strides and dilations pick every second element`() throws {
    let y = try evaluating(
      .conv, [ramp([1, 1, 7]), ones([1, 1, 2])],
      ["strides": .integers([2]), "dilations": .integers([2])])
    #expect(y[0].floats == [2, 6, 10])
  }

  @Test func `each group sees its own channels only`() throws {
    let x = Tensor([1, 2, 3, 4], shape: [1, 4, 1])
    let w = Tensor([1, 10, 100, 1000], shape: [2, 2, 1])
    let y = try evaluating(.conv, [x, w], ["group": .integer(2)])
    #expect(y[0].floats == [21, 4300])
  }

  @Test(arguments: [("SAME_UPPER", [1, 5, 4]), ("SAME_LOWER", [0, 3, 7]), ("VALID", [1, 5])])
  func `automatic padding follows the specification`(mode: String, expected: [Float]) throws {
    // Extent 5, kernel 2, stride 2: three outputs need one element of padding.
    let y = try evaluating(
      .conv, [ramp([1, 1, 5]), ones([1, 1, 2])],
      ["auto_pad": .string(Array(mode.utf8)), "strides": .integers([2])])
    #expect(y[0].floats == expected)
  }

  @Test func `the adjoint identity links Conv and ConvTranspose`() throws {
    // <conv(x), y> = <x, convTranspose(y)> for every window; here over odd ones.
    var random = Seeded(seed: 0x5EED)
    for _ in 0..<40 {
      let (extent, kernel) = (random.next(in: 5...9), random.next(in: 1...3))
      let (stride, dilation) = (random.next(in: 1...3), random.next(in: 1...2))
      let pads = (0..<4).map { _ in random.next(in: 0...1) }
      var attributes: [String: Attribute] = [
        "strides": .integers([Int64(stride), 1]), "dilations": .integers([Int64(dilation), 1]),
        "pads": .integers(pads.map { Int64($0) }), "group": .integer(2),
      ]
      let x = random.tensor([2, 4, extent, 5])
      let w = random.tensor([6, 2, kernel, 2])
      let forward = try evaluating(.conv, [x, w], attributes)[0]
      let y = random.tensor(forward.shape)
      // What no window reached, the adjoint must be told to give as well.
      let room = extent + pads[0] + pads[2] - (kernel - 1) * dilation - 1
      attributes["output_padding"] = .integers([Int64(room % stride), 0])
      let adjoint = try evaluating(.convTranspose, [y, w], attributes)[0]
      try #require(adjoint.shape == x.shape)
      let left = zip(forward.doubles, y.doubles).reduce(0) { $0 + $1.0 * $1.1 }
      let right = zip(adjoint.doubles, x.doubles).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(left - right) < 1e-3, "seed 0x5EED")
    }
  }

  @Test func `output_shape decides the padding of ConvTranspose`() throws {
    let attributes: [String: Attribute] = [
      "strides": .integers([2]), "output_shape": .integers([4]),
    ]
    // All five would be 1 1 3 2 2; the odd element of padding comes off the front.
    let y = try evaluating(
      .convTranspose, [ramp([1, 1, 2], from: 1), ones([1, 1, 3])], attributes)
    #expect(y[0].floats == [1, 3, 2, 2])
  }

  @Test func `multiply-accumulates are outputs times kernel`() throws {
    let x = TensorType(.float32, [1, 8, 10, 10])
    let w = TensorType(.float32, [16, 4, 3, 3])
    let conv = try Conv(
      NodeContext(
        attributes: ["group": .integer(2)], opset: 17, inputs: [true, true], outputCount: 1))
    let y = try conv.infer([OperatorInput(x), OperatorInput(w)])
    #expect(y[0].shape == [1, 16, 8, 8])
    #expect(conv.multiplyAccumulates([x, w], y) == 16 * 64 * 36)
  }

  @Test(arguments: [
    ["strides": Attribute.integers([0, 1])], ["pads": .integers([-1, 0, 0, 0])],
    ["dilations": .integers([1, .max])], ["group": .integer(0)], ["strides": .integers([1])],
    ["kernel_shape": .integers([5, 5])], ["auto_pad": .string(Array("SAME".utf8))],
    ["pads": .integers([.max, .max, .max, .max])], ["dilations": .integers([9, 9])],
    ["pads": .integers([1 << 30, 0, 1 << 30, 0])],
  ])
  func `bad attributes are errors`(attributes: [String: Attribute]) {
    for kind in [OperatorKind.conv, .convTranspose] {
      // A transposed convolution has no window that does not fit, and pads may leave nothing.
      if kind == .convTranspose, attributes["dilations"] == .integers([9, 9]) { continue }
      #expect(errorCode(kind, [ramp([1, 1, 4, 4]), ones([1, 1, 3, 3])], attributes) != nil)
    }
  }
}
