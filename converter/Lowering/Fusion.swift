import EspalierGraph
import EspalierModelFile

/// Joins steps into what one kernel does in one pass over its output.
///
/// One scan in order: each step looks at the steps that made its operands and takes them in where that
/// changes nothing else. The joined step stands where the later one stood, so order stays right, and
/// chains (convolution, batch norm, residual, activation) join link by link.
package struct Fusion {
  private var editor: ProgramEditor

  package static func apply(to program: inout Program) {
    var fusion = Fusion(editor: ProgramEditor(program))
    fusion.scan()
    program = fusion.editor.finished()
  }

  private var program: Program { editor.program }

  private mutating func scan() {
    for index in program.steps.indices {
      switch program.steps[index].kind {
      case .binary:
        recogniseGelu(index)
        recogniseGate(index)
        _ = foldConstant(index) || foldScale(index) || addResidual(index)
        if program.steps[index].kind == .unary { fuseActivation(index) }
      case .unary:
        foldAffine(index)
        fuseActivation(index)
      default: break
      }
    }
  }

  // MARK: Looking

  private func constant(_ tensor: Int?) -> Tensor? {
    tensor.flatMap { program.tensors[$0].constant }
  }
  private func shape(_ tensor: Int) -> [Int] { program.tensors[tensor].type.shape }

  /// The step that makes a tensor which nobody else reads.
  private func soleProducer(_ tensor: Int?, _ kind: StepKind) -> Int? {
    guard let tensor, !editor.sharesStorage(tensor), let index = editor.soleProducer(tensor),
      program.steps[index].kind == kind
    else { return nil }
    return index
  }

  private func code(_ index: Int) -> Int { program.steps[index].integers[0] }

  private func isBinary(_ index: Int, _ code: BinaryCode) -> Bool {
    program.steps[index].kind == .binary && self.code(index) == code.rawValue
  }

  /// The layer with weights whose plain sum this tensor is.
  private func openLayer(_ tensor: Int?) -> Int? {
    guard let index = soleProducer(tensor, .convolution) ?? soleProducer(tensor, .linear),
      activation(index) == 0, program.steps[index].inputs[2] == nil
    else { return nil }
    return index
  }

  private func activationPlace(_ step: Program.Step) -> Int? {
    switch step.kind {
    case .convolution: step.integers.count - 1
    case .linear: 0
    case .matrixProduct: 2
    default: nil
    }
  }

  private func activation(_ index: Int) -> Int {
    let step = program.steps[index]
    return activationPlace(step).map { step.integers[$0] } ?? -1
  }

  /// The operand that is a constant scalar of this value, to five digits, and the other one.
  private func split(_ index: Int, constant value: Double) -> Int? {
    let inputs = program.steps[index].inputs
    for (position, other) in [(0, 1), (1, 0)] {
      if let scalar = constant(inputs[position]), scalar.count == 1,
        abs(scalar.doubles[0] - value) < 1e-5
      {
        return inputs[other]
      }
    }
    return nil
  }

  // MARK: Rewriting

  /// Puts a layer that took the result of a step in into that step's place.
  private mutating func merge(into later: Int, _ step: Program.Step) {
    var step = step
    step.outputs = program.steps[later].outputs
    editor.replace(later, with: step)
  }

  private mutating func replace(_ index: Int, inputs: [Int?], _ code: UnaryCode, _ a: Float = 0) {
    var step = program.steps[index]
    (step.kind, step.inputs, step.integers, step.floats) = (
      .unary, inputs, [code.rawValue], [a, 0]
    )
    editor.replace(index, with: step)
  }

  /// `x * sigmoid(x)`, `x * hardSigmoid(x)` and `x * tanh(softplus(x))` as one activation.
  private mutating func recogniseGate(_ index: Int) {
    guard isBinary(index, .multiply) else { return }
    let inputs = program.steps[index].inputs
    for (x, gate) in [(inputs[0], inputs[1]), (inputs[1], inputs[0])] {
      guard let gateStep = soleProducer(gate, .unary) else { continue }
      let source = program.steps[gateStep]
      switch UnaryCode(rawValue: source.integers[0]) {
      case .sigmoid where source.inputs[0] == x:
        replace(index, inputs: [x], .silu, 1)
        return
      case .hardSigmoid
      where source.inputs[0] == x && abs(source.floats[0] - 1 / 6) < 1e-5
        && abs(source.floats[1] - 0.5) < 1e-6:
        replace(index, inputs: [x], .hardSwish)
        return
      case .tanh:
        guard let inner = soleProducer(source.inputs[0], .unary),
          code(inner) == UnaryCode.softplus.rawValue, program.steps[inner].inputs[0] == x
        else { continue }
        replace(index, inputs: [x], .mish)
        return
      default: continue
      }
    }
  }

  /// `x * (1 + erf(x / sqrt 2)) * 0.5`, in either order of the factors, as exporters write GELU.
  private mutating func recogniseGelu(_ index: Int) {
    guard isBinary(index, .multiply) else { return }
    // Either (x * u) * 0.5 or (x * 0.5) * u.
    let inputs = program.steps[index].inputs
    var candidates: [(outer: Int, x: Int?, gate: Int?)] = []
    if let product = split(index, constant: 0.5), let outer = soleProducer(product, .binary),
      isBinary(outer, .multiply)
    {
      let factors = program.steps[outer].inputs
      candidates += [(outer, factors[0], factors[1]), (outer, factors[1], factors[0])]
    }
    for (half, gate) in [(inputs[0], inputs[1]), (inputs[1], inputs[0])] {
      if let outer = soleProducer(half, .binary), isBinary(outer, .multiply),
        let x = split(outer, constant: 0.5)
      {
        candidates.append((outer, x, gate))
      }
    }
    for candidate in candidates {
      guard let sum = soleProducer(candidate.gate, .binary), isBinary(sum, .add),
        let value = split(sum, constant: 1), let erf = soleProducer(value, .unary),
        code(erf) == UnaryCode.erf.rawValue,
        let argument = soleProducer(program.steps[erf].inputs[0], .binary)
      else { continue }
      let operands = program.steps[argument].inputs
      let isScaled =
        (isBinary(argument, .divide) && operands[0] == candidate.x
          && split(argument, constant: 2.0.squareRoot()) == candidate.x)
        || (isBinary(argument, .multiply)
          && split(argument, constant: 0.5.squareRoot()) == candidate.x)
      // A constant of more axes would give the result more axes than x has.
      guard isScaled, let x = candidate.x, let result = program.steps[index].outputs[0],
        shape(x) == shape(result)
      else { continue }
      replace(index, inputs: [candidate.x], .gelu)
      return
    }
  }

  /// Takes a multiplication by, or addition of, constants per output channel into weights and bias.
  private mutating func foldConstant(_ index: Int) -> Bool {
    let step = program.steps[index]
    guard step.kind == .binary, let code = BinaryCode(rawValue: step.integers[0]) else {
      return false
    }
    for (position, tensor) in step.inputs.enumerated() {
      guard let tensor, let layer = openLayer(tensor), let output = step.outputs[0],
        let factor = constant(step.inputs[1 - position]),
        shape(tensor) == shape(output),
        let values = perChannel(factor, program.steps[layer], shape(tensor))
      else { continue }
      let isFirst = position == 0
      switch code {
      case .add: return scaleLayer(layer, into: index, factors: nil, addends: values)
      case .subtract:
        return isFirst
          ? scaleLayer(layer, into: index, factors: nil, addends: values.map { -$0 })
          : scaleLayer(layer, into: index, factors: values.map { _ in -1 }, addends: values)
      case .multiply: return scaleLayer(layer, into: index, factors: values, addends: nil)
      case .divide where isFirst:
        return scaleLayer(layer, into: index, factors: values.map { 1 / $0 }, addends: nil)
      default: return false
      }
    }
    return false
  }

  /// One value per output channel of a layer, where a constant varies along that axis only.
  private func perChannel(_ constant: Tensor, _ layer: Program.Step, _ shape: [Int]) -> [Double]? {
    let rows = layer.weight!.rows
    if constant.count == 1 { return Array(repeating: constant.doubles[0], count: rows) }
    let axis = layer.kind == .convolution ? 1 : shape.count - 1
    let padded = Array(repeating: 1, count: max(shape.count - constant.rank, 0)) + constant.shape
    guard padded.count == shape.count, padded.count > axis, padded[axis] == rows,
      constant.count == rows
    else { return nil }
    return constant.doubles
  }

  private mutating func scaleLayer(
    _ layer: Int, into index: Int, factors: [Double]?, addends: [Double]?
  ) -> Bool {
    var step = program.steps[layer]
    guard step.inputs[1] == nil || constant(step.inputs[1]) != nil, var weight = step.weight,
      factors?.allSatisfy(\.isFinite) ?? true
    else { return false }
    var bias = constant(step.inputs[1])?.doubles ?? Array(repeating: 0, count: weight.rows)
    if let factors {
      weight.scaleRows(by: factors.map { Float($0) })
      step.weight = weight
      for row in bias.indices { bias[row] *= factors[row] }
    }
    if let addends { for row in bias.indices { bias[row] += addends[row] } }
    let needsBias = addends != nil || step.inputs[1] != nil
    if needsBias {
      step.inputs[1] = editor.add(
        constant: .init(
          name: "\(step.name).bias", type: TensorType(.float32, [weight.rows]),
          constant: Tensor(bias.map(Float.init), shape: [weight.rows])))
    }
    merge(into: index, step)
    return true
  }

  /// Takes a constant factor into a matrix product's scale.
  private mutating func foldScale(_ index: Int) -> Bool {
    let step = program.steps[index]
    guard step.kind == .binary else { return false }
    for (position, tensor) in step.inputs.enumerated() {
      guard let product = soleProducer(tensor, .matrixProduct), activation(product) == 0,
        let factor = constant(step.inputs[1 - position]), factor.count == 1,
        shape(tensor!) == shape(step.outputs[0]!)
      else { continue }
      var joined = program.steps[product]
      if isBinary(index, .multiply) {
        joined.floats[0] *= factor.floats[0]
      } else if isBinary(index, .divide), position == 0 {
        joined.floats[0] /= factor.floats[0]
      } else {
        return false
      }
      merge(into: index, joined)
      return true
    }
    return false
  }

  /// Takes the sum of a layer's result and another tensor of the same shape into the layer.
  private mutating func addResidual(_ index: Int) -> Bool {
    guard isBinary(index, .add) else { return false }
    let inputs = program.steps[index].inputs
    for (own, other) in [(inputs[0], inputs[1]), (inputs[1], inputs[0])] {
      guard let layer = openLayer(own), let own, let other, own != other, shape(own) == shape(other)
      else { continue }
      var joined = program.steps[layer]
      joined.inputs[2] = other
      merge(into: index, joined)
      return true
    }
    return false
  }

  /// Takes `a x + b` with b = 0 into a matrix product.
  private mutating func foldAffine(_ index: Int) {
    let step = program.steps[index]
    guard step.integers[0] == UnaryCode.affine.rawValue, step.floats[1] == 0,
      let product = soleProducer(step.inputs[0], .matrixProduct), activation(product) == 0
    else { return }
    var joined = program.steps[product]
    joined.floats[0] *= step.floats[0]
    merge(into: index, joined)
  }

  private mutating func fuseActivation(_ index: Int) {
    let step = program.steps[index]
    guard step.kind == .unary, let code = UnaryCode(rawValue: step.integers[0]), code.isActivation,
      let layer = soleProducer(step.inputs[0], .convolution)
        ?? soleProducer(step.inputs[0], .linear)
        ?? soleProducer(step.inputs[0], .matrixProduct),
      activation(layer) == 0, let place = activationPlace(program.steps[layer])
    else { return }
    var joined = program.steps[layer]
    joined.integers[place] = code.rawValue
    let first = joined.kind == .matrixProduct ? 1 : 0
    joined.floats[first] = step.floats[0]
    joined.floats[first + 1] = step.floats[1]
    merge(into: index, joined)
  }
}
