import EspalierGraph
import EspalierModelFile

/// Packs weights, places tensors and describes the file.
package func emit(
  _ program: Program, options: LoweringOptions, source: String, progress: ((Double) -> Void)?
) -> LoweredModel {
  var chooser = WeightChooser(program, options)
  let weights = chooser.packed(progress)
  var emission = Emission(program, source: source)
  emission.setDevice(chooser.device)
  for (step, weight) in zip(program.steps, weights) { emission.add(step, weight) }
  progress?(1)
  return emission.finish()
}

/// A model of a program whose steps have one and the same weight, a copy for each.
func describeRepeated(_ program: Program, _ choice: WeightChoice) -> ModelDescription {
  var emission = Emission(program, source: "", sharesWeights: false)
  let packed = program.steps.first?.weight.map {
    PackedWeight($0.matrix(), of: $0, choice)
  }
  for step in program.steps { emission.add(step, packed) }
  return emission.finish().description
}

private struct Emission {
  private let program: Program
  private let layout: ArenaLayout
  private var description = ModelDescription()
  private var layers: [LoweredLayer] = []
  /// The file's number of each tensor that something uses.
  private var numbers: [Int?]
  /// Weights and constants that are in the file: layers may share one, and steps of a loop do.
  private var stored: [StoredKey: [(weight: Program.Weight, number: Int)]] = [:]
  private var storedConstants: [StoredKey: [(bytes: ValueBytes, number: Int)]] = [:]

  private let sharesWeights: Bool

  init(_ program: Program, source: String, sharesWeights: Bool = true) {
    self.program = program
    self.sharesWeights = sharesWeights
    layout = ArenaLayout(program)
    numbers = Array(repeating: nil, count: program.tensors.count)
    description.producer = "espalier 0.1"
    description.source = source
  }

  mutating func finish() -> LoweredModel {
    description.inputs = program.inputs.map { number($0) }
    description.outputs = program.outputs.map { number($0) }
    return LoweredModel(
      description: description, layers: layers, arenaByteCount: layout.arenaByteCount)
  }

  /// The file's number of a tensor, described when first asked for.
  private mutating func number(_ tensor: Program.TensorID) -> Int {
    if let number = numbers[tensor] { return number }
    let value = program.tensors[tensor]
    let placement: TensorPlacement
    if let constant = value.constant {
      placement = .constant(number(ofConstant: constant.fileBytes))
    } else if let base = value.viewOf {
      placement = .view(of: number(base), offset: 0)
    } else {
      guard let offset = layout.offsets[tensor] else {
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

  /// The file's number of a constant; one of the same bytes is not stored again.
  private mutating func number(ofConstant bytes: ValueBytes) -> Int {
    let array = bytes.array(of: UInt8.self)
    let key = StoredKey(extents: [array.count], digest: array.span.bytes.digest)
    let known = storedConstants[key, default: []].first {
      $0.bytes.array(of: UInt8.self) == array
    }
    if let known { return known.number }
    description.constants.append(bytes)
    let number = description.constants.count - 1
    storedConstants[key, default: []].append((bytes, number))
    return number
  }

  /// The file's number of a weight; one that is there already, stored in the same way, is not stored again.
  private mutating func number(_ weight: Program.Weight, _ packed: PackedWeight) -> Int {
    let key = StoredKey(
      extents: [weight.rows, weight.columns, weight.groups, weight.taps], digest: packed.digest)
    let known =
      !sharesWeights
      ? nil
      : stored[key, default: []].first {
        $0.weight.hasValues(of: weight)
          && description.weights[$0.number].isStored(as: packed.description)
      }
    if let known { return known.number }
    description.weights.append(packed.description)
    let number = description.weights.count - 1
    stored[key, default: []].append((weight, number))
    return number
  }

  mutating func setDevice(_ device: String) { description.device = device }

  /// - Parameter packed: The step's weight.
  mutating func add(_ step: Program.Step, _ packed: PackedWeight?) {
    var weightNumber: Int?
    if let weight = step.weight, let packed {
      let choice = packed.choice
      weightNumber = number(weight, packed)
      let bias = step.inputs[1].map { program.tensors[$0].type.count } ?? 0
      layers.append(
        LoweredLayer(
          name: step.name, operation: step.operation, shape: weight.shape,
          parameters: weight.count + bias, multiplyAccumulates: step.multiplyAccumulates,
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
}

/// Where what is stored is looked for before all of it is compared.
private struct StoredKey: Hashable {
  var extents: [Int]
  var digest: UInt64
}

extension WeightDescription {
  /// Whether the same matrix would be cut and listed in the same way.
  fileprivate func isStored(as other: WeightDescription) -> Bool {
    encoding == other.encoding && packing == other.packing && pattern == other.pattern
      && panelHeight == other.panelHeight && panelsPerList == other.panelsPerList
      && columnBlock == other.columnBlock
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
  fileprivate var fileBytes: ValueBytes {
    switch elementType {
    case .uint8, .int8: .bytes(integers.map { UInt8(truncatingIfNeeded: $0) })
    case .bool: .bytes(booleans.map { $0 ? 1 : 0 })
    case .int32: .int32(integers.map { Int32(truncatingIfNeeded: $0) })
    case .int64: .int64(integers)
    default:
      unsafe ValueBytes(byteCount: 4 * count) { [self] target in
        unsafe passingFloats().withUnsafeBytes { unsafe target.copyMemory(from: $0) }
      }
    }
  }
}
