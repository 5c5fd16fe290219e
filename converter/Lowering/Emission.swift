package import EspalierGraph
package import EspalierModelFile

/// Packs weights, places tensors and describes the file.
package func emit(
  _ program: Program, options: LoweringOptions, source: String, progress: ((Double) -> Void)?
) -> LoweredModel {
  var emission = Emission(program, source: source)
  var chooser = WeightChooser(program, options)
  emission.setDevice(chooser.device)
  let count = max(program.steps.count, 1)
  for (index, step) in program.steps.enumerated() {
    emission.add(step, step.weight.map { chooser.choice(for: step, $0) })
    progress?(Double(index + 1) / Double(count))
  }
  return emission.finish()
}

/// A model of a program whose steps have one and the same weight, a copy for each.
func describeRepeated(_ program: Program, _ choice: WeightChoice) -> ModelDescription {
  var emission = Emission(program, source: "")
  var packed: WeightDescription?
  for step in program.steps { emission.add(step, choice, &packed) }
  return emission.finish().description
}

private struct Emission {
  private let program: Program
  private let plan: MemoryPlan
  private var description = ModelDescription()
  private var layers: [LoweredLayer] = []
  /// The file's number of each tensor that something uses.
  private var numbers: [Int?]

  init(_ program: Program, source: String) {
    self.program = program
    plan = MemoryPlan(program)
    numbers = Array(repeating: nil, count: program.tensors.count)
    description.producer = "espalier 0.1"
    description.source = source
  }

  mutating func finish() -> LoweredModel {
    description.inputs = program.inputs.map { number($0) }
    description.outputs = program.outputs.map { number($0) }
    return LoweredModel(
      description: description, layers: layers, arenaByteCount: plan.arenaByteCount)
  }

  /// The file's number of a tensor, described when first asked for.
  private mutating func number(_ tensor: Program.TensorID) -> Int {
    if let number = numbers[tensor] { return number }
    let value = program.tensors[tensor]
    let placement: TensorPlacement
    if let constant = value.constant {
      description.constants.append(constant.fileBytes)
      placement = .constant(description.constants.count - 1)
    } else if let base = value.viewOf {
      placement = .view(of: number(base), offset: 0)
    } else {
      guard let offset = plan.offsets[tensor] else {
        preconditionFailure("no step writes tensor \(tensor), \"\(value.name)\"")
      }
      placement = .arena(offset: offset)
    }
    description.tensors.append(
      TensorDescription(
        name: value.name, type: value.type.elementType.code, dims: value.type.shape,
        placement: placement))
    numbers[tensor] = description.tensors.count - 1
    return description.tensors.count - 1
  }

  mutating func setDevice(_ device: String) { description.device = device }

  mutating func add(_ step: Program.Step, _ choice: WeightChoice?) {
    var packed: WeightDescription?
    add(step, choice, &packed)
  }

  /// - Parameter packed: The step's weight, where it has been packed already.
  mutating func add(
    _ step: Program.Step, _ choice: WeightChoice?, _ packed: inout WeightDescription?
  ) {
    var weightNumber: Int?
    if let weight = step.weight, let choice {
      let description = packed ?? describe(weight, choice)
      packed = description
      self.description.weights.append(description)
      weightNumber = self.description.weights.count - 1
      let bias = step.inputs[1].map { program.tensors[$0].type.count } ?? 0
      layers.append(
        LoweredLayer(
          name: step.name, operation: step.operation, shape: weight.shape,
          parameters: weight.values.count + bias, multiplyAccumulates: step.multiplyAccumulates,
          density: choice.density, encoding: choice.name, reason: choice.reason,
          times: choice.times, ways: choice.ways))
    }
    description.steps.append(
      StepDescription(
        kind: step.kind, name: step.name, operation: step.operation,
        inputs: step.inputs.map { input in input.map { number($0) } ?? -1 },
        outputs: step.outputs.map { output in output.map { number($0) } ?? -1 },
        integers: step.integers.map { Int64($0) }, floats: step.floats, weight: weightNumber,
        multiplyAccumulates: UInt64(step.multiplyAccumulates)))
  }

  private func describe(_ weight: Program.Weight, _ choice: WeightChoice) -> WeightDescription {
    let packed = PackedWeight(weight, choice)
    return WeightDescription(
      encoding: choice.encoding, packing: choice.packing, rows: weight.rows,
      columns: weight.columns, groups: weight.groups, panelHeight: choice.panelHeight,
      panelsPerList: packed.panelsPerList, columnBlock: packed.columnBlock,
      pattern: choice.pattern, nonzeroCount: UInt64(choice.nonzeroCount), values: packed.values,
      counts: packed.counts, columnLists: packed.columns, stream: packed.stream,
      reason: choice.reason, times: choice.times)
  }
}

extension ElementType {
  /// The runtime's code of a type that `runtimeType` gives.
  fileprivate var code: ElementCode {
    switch self {
    case .uint8: .u8
    case .int8: .i8
    case .int32: .i32
    case .int64: .i64
    case .bool: .bool
    default: .f32
    }
  }
}

extension Tensor {
  /// The elements as the model file keeps them.
  fileprivate var fileBytes: ConstantBytes {
    switch elementType {
    case .uint8, .int8: .bytes(integers.map { UInt8(truncatingIfNeeded: $0) })
    case .bool: .bytes(booleans.map { $0 ? 1 : 0 })
    case .int32: .int32(integers.map { Int32(truncatingIfNeeded: $0) })
    case .int64: .int64(integers)
    default: .floats(floats)
    }
  }
}
