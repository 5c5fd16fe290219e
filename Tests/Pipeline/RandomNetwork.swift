import EspalierGraph
import EspalierSeeded

/// A random network of convolutions, products, normalisations and data movement on odd sizes.
///
/// Values are images [N, C, H, W]; every operation keeps that form, so that any may follow any. A few
/// values along the way are outputs too, so that fusion meets tensors that it must leave alone.
struct RandomNetwork {
  private(set) var graph = Graph()
  private var random: Seeded
  /// Images made so far with their shapes.
  private var images: [(value: Graph.ValueID, shape: [Int])] = []
  private var weightCount = 0

  static func make(seed: UInt64, length: Int = 14) -> Graph {
    var network = RandomNetwork(seed: seed)
    for _ in 0..<length { network.addOperation() }
    return network.finished()
  }

  private init(seed: UInt64) {
    random = Seeded(seed: seed)
    let shape = [
      random.next(in: 1...2), random.next(in: 3...20), random.next(in: 5...13),
      random.next(in: 5...13),
    ]
    images.append((graph.addInput("x", TensorType(.float32, shape)), shape))
  }

  /// The latest image most of the time, else any.
  private mutating func source() -> (value: Graph.ValueID, shape: [Int]) {
    random.next(in: 0...3) > 0 ? images[images.count - 1] : random.pick(images)
  }

  private mutating func constant(_ tensor: Tensor) -> Graph.ValueID {
    weightCount += 1
    return graph.addConstant("w\(weightCount)", tensor)
  }

  private mutating func node(
    _ operation: String, _ inputs: [Graph.ValueID?], _ attributes: [String: Attribute] = [:]
  ) -> Graph.ValueID {
    graph.addNode(operation, inputs, attributes: attributes)
  }

  private mutating func integers(_ values: [Int]) -> Graph.ValueID {
    constant(Tensor(integers: values.map { Int64($0) }))
  }

  private mutating func scalar(_ value: Float) -> Graph.ValueID {
    constant(Tensor([value], shape: []))
  }

  private mutating func add(_ value: Graph.ValueID, _ shape: [Int]) {
    images.append((value, shape))
  }

  // MARK: Operations

  private mutating func addOperation() {
    switch random.next(in: 0...21) {
    case 0...3: addConvolution(groups: 1, kernel: random.pick([1, 3, 3, 5]))
    case 4: addConvolution(groups: 1, kernel: 1)
    case 5: addConvolution(groups: source().shape[1], kernel: 3)
    case 6: addConvolution(groups: random.pick([2, 3, 4]), kernel: random.pick([1, 3]))
    case 7...8: addBatchNormalisation()
    case 9...10: addActivation()
    case 11: addResidual()
    case 12: addConcatenation()
    case 13: addSlice()
    case 14: addPool()
    case 15: addResize()
    case 16: addGate()
    case 17: addTokens()
    case 18: addAttention()
    case 19: addTransposition()
    case 20: addConstantArithmetic()
    default: addSoftmax()
    }
  }

  private mutating func addConvolution(groups: Int, kernel: Int) {
    let (x, shape) = source()
    let groups = shape[1] % groups == 0 ? groups : 1
    let perGroup = groups == shape[1] ? random.next(in: 1...2) : random.next(in: 1...24)
    let outputs = groups * max(1, min(perGroup, 40 / groups))
    let columns = shape[1] / groups * kernel * kernel
    let scale = (3 / Float(columns)).squareRoot()
    let weight = constant(
      random.tensor([outputs, shape[1] / groups, kernel, kernel], scale: scale))
    let bias: Graph.ValueID? =
      random.next(in: 0...1) == 0 ? nil : constant(random.tensor([outputs]))
    let stride = kernel > 1 && min(shape[2], shape[3]) > 5 ? random.next(in: 1...2) : 1
    let dilation = kernel == 3 && stride == 1 ? random.next(in: 1...2) : 1
    let reach = dilation * (kernel - 1)
    let pads = (0..<4).map { _ in random.next(in: reach / 2...max(reach / 2, kernel / 2)) }
    let y = node(
      "Conv", [x, weight, bias],
      [
        "group": .integer(Int64(groups)), "strides": .integers([Int64(stride), Int64(stride)]),
        "dilations": .integers([Int64(dilation), Int64(dilation)]),
        "pads": .integers(pads.map { Int64($0) }),
      ])
    func extent(_ axis: Int) -> Int {
      (shape[axis + 2] + pads[axis] + pads[axis + 2] - reach - 1) / stride + 1
    }
    add(y, [shape[0], outputs, extent(0), extent(1)])
  }

  private mutating func addBatchNormalisation() {
    let (x, shape) = source()
    let channels = shape[1]
    let parameters = [
      random.tensor([channels], scale: 0.5, around: 1), random.tensor([channels]),
      random.tensor([channels]), random.tensor([channels], scale: 0.5, around: 1),
    ].map { constant($0) }
    add(node("BatchNormalization", [x] + parameters), shape)
  }

  private mutating func addActivation() {
    let (x, shape) = source()
    switch random.next(in: 0...8) {
    case 0: add(node("Relu", [x]), shape)
    case 1: add(node("Clip", [x, scalar(0), scalar(6)]), shape)
    case 2: add(node("Mul", [x, node("Sigmoid", [x])]), shape)
    case 3: add(node("HardSwish", [x]), shape)
    case 4:
      let ratio = node("Div", [x, scalar(Float(2).squareRoot())])
      let sum = node("Add", [node("Erf", [ratio]), scalar(1)])
      add(node("Mul", [node("Mul", [x, sum]), scalar(0.5)]), shape)
    case 5:
      add(node("LeakyRelu", [x], ["alpha": .float(0.1)]), shape)
    case 6: add(node("Mul", [node("Tanh", [node("Softplus", [x])]), x]), shape)
    case 7: add(node("Tanh", [x]), shape)
    default:
      let slope = constant(random.tensor([shape[1], 1, 1]))
      add(node("PRelu", [x, slope]), shape)
    }
  }

  private mutating func addResidual() {
    let (x, shape) = source()
    let others = images.filter { $0.shape == shape }
    let other = random.pick(others).value
    add(node(random.pick(["Add", "Add", "Sub", "Mul"]), [x, other]), shape)
  }

  private mutating func addConcatenation() {
    let (x, shape) = source()
    let others = images.filter {
      $0.shape[0] == shape[0] && $0.shape[2...] == shape[2...] && $0.shape[1] + shape[1] < 48
    }
    guard let other = others.isEmpty ? nil : random.pick(others) else { return }
    let y = node("Concat", [x, other.value], ["axis": .integer(1)])
    add(y, [shape[0], shape[1] + other.shape[1], shape[2], shape[3]])
  }

  private mutating func addSlice() {
    let (x, shape) = source()
    let axis = random.next(in: 1...3)
    guard shape[axis] > 5 else { return }
    let start = random.next(in: 0...2)
    let end = shape[axis] - random.next(in: 0...2)
    let step = axis == 1 ? 1 : random.pick([1, 1, 2])
    let y = node(
      "Slice", [x, integers([start]), integers([end]), integers([axis]), integers([step])])
    var result = shape
    result[axis] = (end - start + step - 1) / step
    add(y, result)
  }

  private mutating func addPool() {
    let (x, shape) = source()
    guard shape[2] > 5, shape[3] > 5 else { return }
    let kernel = random.next(in: 2...3)
    let y = node(
      random.pick(["MaxPool", "AveragePool"]), [x],
      [
        "kernel_shape": .integers([Int64(kernel), Int64(kernel)]), "strides": .integers([2, 2]),
        "pads": .integers([1, 0, 1, 1]),
      ])
    add(
      y,
      [
        shape[0], shape[1], (shape[2] + 2 - kernel) / 2 + 1, (shape[3] + 1 - kernel) / 2 + 1,
      ])
  }

  private mutating func addResize() {
    let (x, shape) = source()
    let target = shape[..<2] + [random.next(in: 4...13), random.next(in: 4...13)]
    let mode = random.pick(["nearest", "linear", "cubic"])
    let y = node(
      "Resize", [x, nil, nil, integers(Array(target))],
      [
        "mode": .string([UInt8](mode.utf8)),
        "coordinate_transformation_mode": .string([UInt8]("half_pixel".utf8)),
      ])
    add(y, Array(target))
  }

  /// Squeeze and excitation: channels weighed by what the whole image holds.
  private mutating func addGate() {
    let (x, shape) = source()
    let channels = shape[1]
    let narrow = max(1, channels / 2)
    let mean = node("GlobalAveragePool", [x])
    let down = constant(random.tensor([narrow, channels, 1, 1], scale: 0.5))
    let up = constant(random.tensor([channels, narrow, 1, 1], scale: 0.5))
    let hidden = node("Relu", [node("Conv", [mean, down, constant(random.tensor([narrow]))])])
    let gate = node("Sigmoid", [node("Conv", [hidden, up])])
    add(node("Mul", [x, gate]), shape)
  }

  /// Pixels as tokens: layer normalisation, two linear layers, and a residual.
  private mutating func addTokens() {
    let (x, shape) = source()
    let (channels, pixels) = (shape[1], shape[2] * shape[3])
    guard channels >= 4 else { return }
    let flat = node("Reshape", [x, integers([shape[0], channels, pixels])])
    let tokens = node("Transpose", [flat], ["perm": .integers([0, 2, 1])])
    let scale = constant(random.tensor([channels], scale: 0.5, around: 1))
    let normal = node(
      "LayerNormalization", [tokens, scale, constant(random.tensor([channels]))],
      ["axis": .integer(-1)])
    let hidden = random.next(in: 5...20)
    let range = (3 / Float(channels)).squareRoot()
    let first = constant(random.tensor([channels, hidden], scale: range))
    let second = constant(random.tensor([hidden, channels], scale: range))
    var inner = node("Add", [node("MatMul", [normal, first]), constant(random.tensor([hidden]))])
    inner = node("Gelu", [inner])
    let result = node(
      "Add", [tokens, node("Add", [node("MatMul", [inner, second]), scalar(0.25)])])
    let back = node("Transpose", [result], ["perm": .integers([0, 2, 1])])
    add(node("Reshape", [back, integers(shape)]), shape)
  }

  /// Channels attend to each other: two products with a scale and a softmax between.
  private mutating func addAttention() {
    let (x, shape) = source()
    let (channels, pixels) = (shape[1], shape[2] * shape[3])
    let flat = node("Reshape", [x, integers([shape[0], channels, pixels])])
    let turned = node("Transpose", [flat], ["perm": .integers([0, 2, 1])])
    let scores = node("Mul", [node("MatMul", [flat, turned]), scalar(1 / Float(pixels))])
    let shares = node("Softmax", [scores], ["axis": .integer(-1)])
    add(node("Reshape", [node("MatMul", [shares, flat]), integers(shape)]), shape)
  }

  private mutating func addTransposition() {
    let (x, shape) = source()
    let order = random.pick([[0, 1, 3, 2], [0, 2, 1, 3], [0, 3, 2, 1]])
    let y = node("Transpose", [x], ["perm": .integers(order.map { Int64($0) })])
    let result = order.map { shape[$0] }
    guard result[1] < 24 else { return }
    add(y, result)
  }

  private mutating func addConstantArithmetic() {
    let (x, shape) = source()
    let operand: Graph.ValueID =
      switch random.next(in: 0...3) {
      case 0: scalar(0.5 + abs(random.float()))
      case 1: constant(random.tensor([shape[1], 1, 1], scale: 0.4, around: 1))
      case 2: constant(random.tensor([1, shape[1], 1, 1], scale: 0.4, around: 1))
      default: constant(random.tensor([shape[3]], scale: 0.4, around: 1))
      }
    let operation = random.pick(["Add", "Sub", "Mul", "Div"])
    let inputs = operation != "Div" && random.next(in: 0...1) == 0 ? [operand, x] : [x, operand]
    add(node(operation, inputs), shape)
  }

  private mutating func addSoftmax() {
    let (x, shape) = source()
    let y = node("Softmax", [x], ["axis": .integer(Int64(random.next(in: 1...3)))])
    add(node("Mul", [y, scalar(4)]), shape)
  }

  // MARK: The end

  private mutating func finished() -> Graph {
    let (last, shape) = images[images.count - 1]
    let flat = node("Flatten", [node("GlobalAveragePool", [last])])
    let weight = constant(random.tensor([7, shape[1]], scale: 0.5))
    let scores = node(
      "Gemm", [flat, weight, constant(random.tensor([7]))], ["transB": .integer(1)])
    var outputs = [scores, last]
    for _ in 0..<2 { outputs.append(random.pick(images).value) }
    for output in outputs where !graph.outputs.contains(output) && !graph.inputs.contains(output) {
      graph.outputs.append(output)
    }
    graph.opset = 20
    return graph
  }
}
