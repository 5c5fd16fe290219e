import EspalierGraph
import EspalierLowering
import EspalierModelFile
import EspalierSeeded
import Testing

/// What fusion joins. That the joined steps compute the same is for the pipeline's tests.
@Suite struct FusionTests {
  @Test func batchNormalisationGoesIntoWeightAndBias() throws {
    var network = Network()
    let weight = network.random.tensor([8, 8, 1, 1])
    let convolved = network.node("Conv", [network.x, network.constant(weight)])
    let scale = network.random.tensor([8], around: 2)
    let shift = network.random.tensor([8])
    let mean = network.random.tensor([8])
    let variance = network.random.tensor([8], around: 2)
    let parameters = [scale, shift, mean, variance].map { network.constant($0) }
    let y = network.node(
      "BatchNormalization", [convolved] + parameters, ["epsilon": .float(0.01)])
    let program = try network.fused(outputs: [y])

    #expect(program.kinds == [.convolution])
    let step = try #require(program.steps.first)
    let bias = try #require(step.bias.flatMap { program.tensors[$0].constant })
    for row in 0..<8 {
      let factor = scale.floats[row] / (variance.floats[row] + 0.01).squareRoot()
      let expected = shift.floats[row] - mean.floats[row] * factor
      #expect(abs(bias.floats[row] - expected) < 1e-5)
      for column in 0..<8 {
        let folded = step.weight!.matrix()[row, column]
        #expect(abs(folded - weight.floats[row * 8 + column] * factor) < 1e-5)
      }
    }
    #expect(program.tensors[program.outputs[0]].name == network.graph.values[y].name)
  }

  @Test func arithmeticPerChannelGoesIntoTheLayer() throws {
    for (operation, isFirst) in [
      ("Add", true), ("Add", false), ("Sub", true), ("Sub", false), ("Mul", true), ("Mul", false),
      ("Div", true),
    ] {
      var network = Network()
      let convolved = network.convolution(network.x, bias: true)
      let factor = network.random([1, 8, 1, 1], around: 3)
      let y = network.node(operation, isFirst ? [convolved, factor] : [factor, convolved])
      #expect(try network.fused(outputs: [y]).kinds == [.convolution], "\(operation) \(isFirst)")
    }
  }

  @Test func aConstantDividedByTheLayerStays() throws {
    var network = Network()
    let convolved = network.convolution(network.x)
    let y = network.node("Div", [network.scalar(1), convolved])
    #expect(try network.fused(outputs: [y]).kinds == [.convolution, .binary])
  }

  @Test func activationsGoIntoTheLayer() throws {
    let cases: [(String, [String: Attribute], UnaryCode)] = [
      ("Relu", [:], .relu), ("LeakyRelu", ["alpha": .float(0.2)], .leakyRelu),
      ("Sigmoid", [:], .sigmoid), ("HardSwish", [:], .hardSwish),
      ("HardSigmoid", [:], .hardSigmoid), ("Tanh", [:], .tanh), ("Gelu", [:], .gelu),
      ("Gelu", ["approximate": .string([UInt8]("tanh".utf8))], .geluTanh),
    ]
    for (operation, attributes, code) in cases {
      var network = Network()
      let convolved = network.convolution(network.x)
      let y = network.node(operation, [convolved], attributes)
      let program = try network.fused(outputs: [y])
      #expect(program.kinds == [.convolution], "\(operation)")
      #expect(program.steps[0].activation == code, "\(operation)")
    }
  }

  @Test func clipKeepsItsBounds() throws {
    var network = Network()
    let convolved = network.convolution(network.x)
    let y = network.node("Clip", [convolved, network.scalar(-1), network.scalar(6)])
    let program = try network.fused(outputs: [y])
    #expect(program.kinds == [.convolution])
    #expect(program.steps[0].activation == .clip)
    #expect(program.steps[0].floats == [-1, 6])
  }

  /// Gates as exporters spell them out: every order of the factors.
  @Test func spelledOutGatesBecomeOneActivation() throws {
    typealias Make = (inout Network, Graph.ValueID) -> Graph.ValueID
    let cases: [(String, UnaryCode, Make)] = [
      ("x sigmoid(x)", .silu, { $0.node("Mul", [$1, $0.node("Sigmoid", [$1])]) }),
      ("sigmoid(x) x", .silu, { $0.node("Mul", [$0.node("Sigmoid", [$1]), $1]) }),
      (
        "x hardSigmoid(x)", .hardSwish,
        {
          let gate = $0.node("HardSigmoid", [$1], ["alpha": .float(1 / 6), "beta": .float(0.5)])
          return $0.node("Mul", [$1, gate])
        }
      ),
      (
        "x tanh(softplus(x))", .mish,
        { $0.node("Mul", [$1, $0.node("Tanh", [$0.node("Softplus", [$1])])]) }
      ),
      ("x (1 + erf) 0.5", .gelu, { gelu(&$0, $1, halfLast: true, divides: true) }),
      ("x 0.5 (1 + erf)", .gelu, { gelu(&$0, $1, halfLast: false, divides: true) }),
      ("x (1 + erf) 0.5, times", .gelu, { gelu(&$0, $1, halfLast: true, divides: false) }),
      ("x 0.5 (1 + erf), times", .gelu, { gelu(&$0, $1, halfLast: false, divides: false) }),
    ]
    for (name, code, make) in cases {
      var network = Network()
      let y = make(&network, network.x)
      let program = try network.fused(outputs: [y])
      #expect(program.kinds == [.unary], "\(name)")
      #expect(program.steps.first?.integers == [code.rawValue], "\(name)")
    }
  }

  @Test func aRecognisedGateGoesIntoTheLayerToo() throws {
    var network = Network()
    let convolved = network.convolution(network.x)
    let y = network.node("Mul", [convolved, network.node("Sigmoid", [convolved])])
    let program = try network.fused(outputs: [y])
    // The gate's two readers of the convolution become one, which is then alone.
    #expect(program.kinds == [.convolution])
    #expect(program.steps[0].activation == .silu)
  }

  @Test func residualAndActivationGoIntoTheLayer() throws {
    var network = Network()
    let trunk = network.node("Sin", [network.x])
    let first = network.node("Relu", [network.convolution(trunk)])
    let second = network.convolution(first, bias: true)
    let y = network.node("Relu", [network.node("Add", [second, trunk])])
    let program = try network.fused(outputs: [y])
    #expect(program.kinds == [.unary, .convolution, .convolution])
    #expect(program.steps[2].residual == program.steps[0].outputs[0])
    #expect(program.steps[2].activation == .relu)
  }

  @Test func theLayersOwnInputMayBeItsResidual() throws {
    var network = Network()
    let y = network.node("Add", [network.convolution(network.x), network.x])
    let program = try network.fused(outputs: [y])
    #expect(program.kinds == [.convolution])
    #expect(program.steps[0].residual == program.steps[0].inputs[0])
  }

  @Test func aLinearLayerTakesBiasAndActivation() throws {
    var network = Network([2, 9, 8])
    let product = network.node("MatMul", [network.x, network.random([8, 5])])
    let y = network.node("Relu", [network.node("Add", [network.random([5]), product])])
    let program = try network.fused(outputs: [y])
    #expect(program.kinds == [.linear])
    #expect(program.steps[0].bias != nil)
    #expect(program.steps[0].activation == .relu)
  }

  @Test func gemmIsOneStep() throws {
    var network = Network([3, 8])
    let y = network.node(
      "Gemm", [network.x, network.random([5, 8]), network.random([5])], ["transB": .integer(1)])
    let program = try network.fused(outputs: [y])
    #expect(program.kinds == [.linear])
    #expect(program.steps[0].bias != nil)
  }

  @Test func scalesGoIntoMatrixProducts() throws {
    for (operation, expected) in [("Mul", Float(0.125)), ("Div", 8)] {
      var network = Network([2, 4, 4])
      let product = network.node("MatMul", [network.x, network.x])
      let y = network.node(operation, [product, network.scalar(0.125)])
      let program = try network.fused(outputs: [y])
      #expect(program.kinds == [.matrixProduct], "\(operation)")
      #expect(program.steps[0].floats[0] == expected, "\(operation)")
    }
  }
}

private func gelu(
  _ network: inout Network, _ x: Graph.ValueID, halfLast: Bool, divides: Bool
) -> Graph.ValueID {
  let argument =
    divides
    ? network.node("Div", [x, network.scalar(Float(2).squareRoot())])
    : network.node("Mul", [x, network.scalar(Float(0.5).squareRoot())])
  let sum = network.node("Add", [network.node("Erf", [argument]), network.scalar(1)])
  let half = network.scalar(0.5)
  return halfLast
    ? network.node("Mul", [network.node("Mul", [x, sum]), half])
    : network.node("Mul", [network.node("Mul", [x, half]), sum])
}
