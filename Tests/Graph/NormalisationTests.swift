import EspalierGraph
import EspalierSeeded
import Testing

@Suite struct NormalisationTests {
  @Test func `batch normalisation uses the given statistics per channel`() throws {
    let x = Tensor([1, 3, 10, 20], shape: [1, 2, 2])
    let y = try evaluating(
      .batchNormalization,
      [
        x, Tensor([2, 1], shape: [2]), Tensor([0, 5], shape: [2]), Tensor([1, 10], shape: [2]),
        Tensor([4, 25], shape: [2]),
      ], ["epsilon": .float(0)])
    #expect(y[0].floats == [0, 2, 5, 7])
  }

  @Test func `batch normalisation in training mode updates the running statistics`() throws {
    let one = Tensor([1], shape: [1])
    let zero = Tensor([0], shape: [1])
    let y = try evaluating(
      .batchNormalization, [ramp([2, 1, 2]), one, zero, zero, one],
      ["training_mode": .integer(1), "momentum": .float(0.5), "epsilon": .float(0)], outputs: 3)
    // The batch 0 1 2 3 has mean 1.5 and variance 1.25.
    #expect(near(y[0].floats, [-1.3416408, -0.4472136, 0.4472136, 1.3416408]))
    #expect(y[1].floats == [0.75])
    #expect(y[2].floats == [1.125])
  }

  @Test func `batch normalisation that trains under an old opset is refused`() {
    let one = Tensor([1], shape: [1])
    let inputs = [ramp([2, 1, 2]), one, one, one, one]
    #expect(errorCode(.batchNormalization, inputs, opset: 9, outputs: 5) == .unsupportedVariant)
    let spatial: [String: Attribute] = ["spatial": .integer(0)]
    #expect(errorCode(.batchNormalization, inputs, spatial, opset: 7) == .unsupportedVariant)
    #expect(errorCode(.batchNormalization, [ramp([2, 2, 2])] + inputs[1...]) == .badShape)
  }

  @Test func `layer normalisation gives its statistics too`() throws {
    let x = Tensor([1, 3, 2, 6], shape: [2, 2])
    let y = try evaluating(
      .layerNormalization, [x, Tensor([10, 100], shape: [2]), ones([2])], ["epsilon": .float(0)],
      outputs: 3)
    #expect(near(y[0].floats, [-9, 101, -9, 101]))
    #expect(y[1] == Tensor([2, 4], shape: [2, 1]))
    #expect(near(y[2].floats, [1, 0.5]))
  }

  @Test func `scale and bias broadcast to the input, not to its rows alone`() throws {
    // Each row becomes -1 and 1.
    let x = Tensor([1, 3, 2, 6], shape: [2, 2])
    let zero: [String: Attribute] = ["epsilon": .float(0)]
    let each = Tensor([10, 100], shape: [2, 1])
    let scaled = try evaluating(
      .layerNormalization, [x, each, Tensor([5, 7], shape: [2, 1])], zero)
    #expect(near(scaled[0].floats, [-5, 15, -93, 107]))
    let mixed = try evaluating(.layerNormalization, [x, each, Tensor([5, 7], shape: [2])], zero)
    #expect(near(mixed[0].floats, [-5, 17, -95, 107]))
    // The mean squares are 1 and 4.
    let y = try evaluating(
      .rmsNormalization, [Tensor([1, -1, 2, 2], shape: [2, 2]), each], zero, opset: 23)
    #expect(near(y[0].floats, [10, -10, 100, 100]))
  }

  @Test func `a parameter's cycle names the numbers that broadcasting does`() throws {
    let whole = [2, 3, 1, 4]
    var cycles = 0
    // Every axis of the parameter as it is, or stretched; leading ones left out or not.
    for mask in 0..<16 {
      let full = whole.indices.map { mask >> $0 & 1 == 1 ? whole[$0] : 1 }
      for shape in [full, Array(full.drop { $0 == 1 })] {
        guard let cycle = ParameterCycle(shape, over: whole) else {
          #expect(shape.first == 2 && shape.contains(1), "\(shape) is a cycle")
          continue
        }
        let places = (0..<24).map { $0 / cycle.inner % cycle.count }
        #expect(places == broadcastPositions(from: shape, to: whole), "\(shape)")
        #expect(cycle.count == shape.reduce(1, *))
        cycles += 1
      }
    }
    #expect(cycles == 28)
  }

  @Test func `root-mean-square normalisation keeps the mean`() throws {
    let y = try evaluating(
      .rmsNormalization, [Tensor([3, 4], shape: [1, 2]), ones([2])], ["epsilon": .float(0)],
      opset: 23)
    #expect(near(y[0].floats, [3 / 3.5355339, 4 / 3.5355339]))
  }

  @Test func `instance normalisation takes each plane by itself`() throws {
    let x = Tensor([1, 3, 20, 60], shape: [1, 2, 2])
    let y = try evaluating(
      .instanceNormalization, [x, Tensor([1, 2], shape: [2]), Tensor([0, 1], shape: [2])],
      ["epsilon": .float(0)])
    #expect(near(y[0].floats, [-1, 1, -1, 3]))
  }

  @Test func `group normalisation scales groups in opset 18 and channels from opset 21`() throws {
    let x = Tensor([1, 3, 5, 5, 10, 10, 30, 30], shape: [1, 4, 2])
    let zero: [String: Attribute] = ["num_groups": .integer(2), "epsilon": .float(0)]
    // Group one has mean 3.5 and deviation sqrt(2.75), group two mean 20 and deviation 10.
    let unit: [Float] = [-1.5075567, -0.30151135, 0.9045340, 0.9045340, -1, -1, 1, 1]
    let perGroup = try evaluating(
      .groupNormalization, [x, Tensor([1, 2], shape: [2]), Tensor([0, 5], shape: [2])], zero,
      opset: 18)
    #expect(near(perGroup[0].floats, Array(unit[..<4]) + [3, 3, 7, 7]))
    let perChannel = try evaluating(
      .groupNormalization,
      [x, Tensor([1, 2, 3, 4], shape: [4]), Tensor([0, 0, 0, 9], shape: [4])], zero, opset: 21)
    let scaled: [Float] = [1, 1, 2, 2, 3, 3, 4, 4]
    let shifted: [Float] = [0, 0, 0, 0, 0, 0, 9, 9]
    #expect(
      near(perChannel[0].floats, zip(zip(unit, scaled), shifted).map { $0.0 * $0.1 + $1 }))
    #expect(
      errorCode(.groupNormalization, [x, ones([2]), ones([2])], zero, opset: 21) == .badShape)
  }

  @Test func `axes outside the tensor are errors`() {
    let attributes: [String: Attribute] = ["axis": .integer(2)]
    #expect(
      errorCode(.layerNormalization, [ramp([2, 2]), ones([2])], attributes) == .badAttribute)
    #expect(errorCode(.rmsNormalization, [ramp([2, 2]), ones([2])], attributes) == .badAttribute)
    #expect(
      errorCode(.layerNormalization, [ramp([2, 2]), ones([2])], ["stash_type": .integer(7)])
        == .badAttribute)
  }
}
