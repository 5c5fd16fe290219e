import EspalierGraph
import EspalierLowering
import EspalierModelFile
import EspalierSeeded
import Testing

/// Where joining would change a result that somebody else reads, or a shape.
@Suite struct FusionRefusalTests {
  @Test func aLayerWithTwoReadersStays() throws {
    var network = Network()
    let convolved = network.convolution(network.x)
    let y = network.node("Relu", [convolved])
    let z = network.node("Tanh", [convolved])
    let program = try network.fused(outputs: [y, z])
    #expect(program.kinds == [.convolution, .unary, .unary])
    #expect(program.steps[0].activation == nil)
  }

  @Test func aLayerThatIsAnOutputStays() throws {
    var network = Network()
    let convolved = network.convolution(network.x)
    let y = network.node("Relu", [convolved])
    let program = try network.fused(outputs: [convolved, y])
    #expect(program.kinds == [.convolution, .unary])
  }

  @Test func aLayerReadThroughAnotherShapeStays() throws {
    var network = Network()
    let convolved = network.convolution(network.x)
    let flat = network.node(
      "Reshape", [convolved, network.constant(Tensor(integers: [1, -1]))])
    let y = network.node("Relu", [convolved])
    let program = try network.fused(outputs: [y, flat])
    #expect(program.kinds == [.convolution, .unary])
  }

  @Test func aGateThatIsReadElsewhereStays() throws {
    var network = Network()
    let gate = network.node("Sigmoid", [network.x])
    let y = network.node("Mul", [network.x, gate])
    #expect(try network.fused(outputs: [y, gate]).kinds == [.unary, .binary])
  }

  @Test func aGateOfAnotherValueStays() throws {
    var network = Network()
    let other = network.node("Sin", [network.x])
    let y = network.node("Mul", [network.x, network.node("Sigmoid", [other])])
    #expect(try network.fused(outputs: [y]).kinds == [.unary, .unary, .binary])
  }

  @Test func otherHardSigmoidsAreNoHardSwish() throws {
    var network = Network()
    let gate = network.node("HardSigmoid", [network.x], ["alpha": .float(0.2)])
    let y = network.node("Mul", [network.x, gate])
    #expect(try network.fused(outputs: [y]).kinds == [.unary, .binary])
  }

  @Test func nearlyGeluIsNotGelu() throws {
    let root = Float(2).squareRoot()
    let cases: [(Float, Float, Float)] = [(1.5, 1, 0.5), (root, 2, 0.5), (root, 1, 0.25)]
    for (divisor, one, half) in cases {
      var network = Network()
      let argument = network.node("Div", [network.x, network.scalar(divisor)])
      let sum = network.node("Add", [network.node("Erf", [argument]), network.scalar(one)])
      let y = network.node(
        "Mul", [network.node("Mul", [network.x, sum]), network.scalar(half)])
      let kinds = try network.fused(outputs: [y]).kinds
      #expect(kinds == [.binary, .unary, .binary, .binary, .binary], "\(divisor) \(one) \(half)")
    }
  }

  /// A constant of more axes gives the result more axes, which one elementwise step cannot do.
  @Test func geluThatAddsAnAxisStays() throws {
    var network = Network()
    let argument = network.node("Div", [network.x, network.scalar(Float(2).squareRoot())])
    let one = network.constant(Tensor([1], shape: [1, 1, 1, 1, 1]))
    let sum = network.node("Add", [network.node("Erf", [argument]), one])
    let y = network.node("Mul", [network.node("Mul", [network.x, sum]), network.scalar(0.5)])
    let program = try network.fused(outputs: [y])
    for step in program.steps where step.kind == .unary {
      let shapes = [step.inputs[0]!, step.outputs[0]!].map { program.tensors[$0].type.shape }
      #expect(shapes[0] == shapes[1])
    }
  }

  @Test func aStretchedSumIsNoResidual() throws {
    for shape in [[1, 8, 1, 1], [1, 1, 5, 5], [8, 5, 1]] {
      var network = Network()
      let other = network.graph.addInput("other", TensorType(.float32, shape))
      let y = network.node("Add", [network.convolution(network.x), other])
      #expect(try network.fused(outputs: [y]).kinds == [.convolution, .binary], "\(shape)")
    }
  }

  @Test func aSumThatStretchesTheLayerIsNoResidual() throws {
    var network = Network([1, 8, 1, 1])
    let other = network.graph.addInput("other", TensorType(.float32, [1, 8, 5, 5]))
    let y = network.node("Add", [network.convolution(network.x), other])
    #expect(try network.fused(outputs: [y]).kinds == [.convolution, .binary])
  }

  @Test func aLayerAddedToItselfIsNoResidual() throws {
    var network = Network()
    let convolved = network.convolution(network.x)
    let y = network.node("Add", [convolved, convolved])
    #expect(try network.fused(outputs: [y]).kinds == [.convolution, .binary])
  }

  @Test func aConstantAlongAnotherAxisStays() throws {
    // As long as the channels, but along the width: the last axis.
    var network = Network([1, 8, 5, 8])
    let y = network.node("Add", [network.convolution(network.x), network.random([8])])
    #expect(try network.fused(outputs: [y]).kinds == [.convolution, .binary])
  }

  @Test func aConstantThatStretchesTheLayerStays() throws {
    var network = Network([1, 8, 1, 1])
    let y = network.node("Add", [network.convolution(network.x), network.random([2, 8, 1, 1])])
    #expect(try network.fused(outputs: [y]).kinds == [.convolution, .binary])
  }

  @Test func divisionByZeroStays() throws {
    var network = Network()
    let y = network.node("Div", [network.convolution(network.x), network.scalar(0)])
    #expect(try network.fused(outputs: [y]).kinds == [.convolution, .binary])
  }

  @Test func nothingFollowsAnActivationIntoTheLayer() throws {
    for operation in ["Add", "Mul"] {
      var network = Network()
      let active = network.node("Relu", [network.convolution(network.x)])
      let y = network.node(operation, [active, network.random([8, 1, 1])])
      #expect(try network.fused(outputs: [y]).kinds == [.convolution, .binary], "\(operation)")
    }
  }

  @Test func aFactorAfterTheResidualStays() throws {
    var network = Network()
    let sum = network.node("Add", [network.convolution(network.x), network.x])
    let y = network.node("Mul", [sum, network.scalar(2)])
    #expect(try network.fused(outputs: [y]).kinds == [.convolution, .binary])
  }

  @Test func oneResidualIsAllALayerTakes() throws {
    var network = Network()
    let other = network.node("Sin", [network.x])
    let sum = network.node("Add", [network.convolution(network.x), network.x])
    let y = network.node("Add", [sum, other])
    #expect(try network.fused(outputs: [y]).kinds == [.unary, .convolution, .binary])
  }

  @Test func aScaleThatIsNoScalarStays() throws {
    var network = Network([2, 4, 4])
    let product = network.node("MatMul", [network.x, network.x])
    let y = network.node("Mul", [product, network.random([4])])
    #expect(try network.fused(outputs: [y]).kinds == [.matrixProduct, .binary])
  }
}
