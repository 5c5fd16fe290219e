internal import CEspalierModelFile

extension VerifiedModel {
  /// A tensor as the file describes it. Sizes are sane once the model's meaning is checked.
  public struct Tensor: Sendable {
    /// ONNX's code of the element type.
    public let typeCode: Int32
    /// Number of axes, at most 8.
    public let rank: Int
    private let dims: InlineArray<8, Int64>
    /// Whether it lies in the values segment, otherwise in the arena.
    public let isConstant: Bool
    /// Bytes from the start of the values segment or the arena.
    public let offset: UInt64
    /// The tensor within whose bytes this one lies, if any.
    public let viewOf: Int?
    public let name: FileText

    /// The element type; not nil once the model's meaning is checked.
    public var type: ElementCode? { ElementCode(rawValue: typeCode) }

    /// The extent along an axis below `rank`, as the file has it.
    public func rawExtent(_ axis: Int) -> Int64 {
      precondition(axis >= 0 && axis < rank, "no such axis")
      return dims[axis]
    }

    /// The extent along an axis below `rank`.
    public func extent(_ axis: Int) -> Int { Int(truncatingIfNeeded: rawExtent(axis)) }

    /// The extents, in order.
    public var extents: [Int] {
      var extents: [Int] = []
      extents.reserveCapacity(rank)
      for axis in 0..<rank { extents.append(extent(axis)) }
      return extents
    }

    /// Product of the extents; cannot overflow once the model's meaning is checked.
    public var elementCount: Int {
      var count = 1
      for axis in 0..<rank { count &*= extent(axis) }
      return count
    }

    /// Bytes of all elements; cannot overflow once the model's meaning is checked.
    public var byteCount: Int { elementCount &* (type?.size ?? 0) }
  }

  /// A step as the file describes it.
  public struct Step: Sendable {
    /// The code of what it does; may be one of a later minor version.
    public let kindCode: UInt16
    /// Numbers of tensors; -1 for one left out.
    public let inputs: FileArray<Int32>
    public let outputs: FileArray<Int32>
    public let integers: FileArray<Int64>
    public let floats: FileArray<Float>
    public let weight: Int?
    /// Multiplications of the dense layer.
    public let multiplyAccumulates: UInt64
    /// The source node.
    public let name: FileText
    /// The source node's ONNX operator.
    public let operation: FileText

    /// What it does; not nil once the model's meaning is checked.
    public var kind: StepKind? { StepKind(rawValue: kindCode) }

    /// The number of the tensor in an input slot; nil where it is left out.
    public func input(_ slot: Int) -> Int? {
      slot < inputs.count && inputs[slot] >= 0 ? Int(inputs[slot]) : nil
    }

    /// The number of the tensor in an output slot; nil where it is left out.
    public func output(_ slot: Int) -> Int? {
      slot < outputs.count && outputs[slot] >= 0 ? Int(outputs[slot]) : nil
    }
  }

  /// A packed weight as the file describes it; its structure is validated as it is copied.
  public struct Weight: Sendable {
    public let encodingCode: UInt8
    public let packingCode: UInt8
    /// ONNX's code of the values' type.
    public let elementCode: Int32
    public let rows, columns, groups, panelHeight, panelsPerList, columnBlock: Int
    /// The numbers of the encoding: O I for blocks; N M V.
    public let pattern: InlineArray<3, Int>
    public let nonzeroCount: UInt64
    /// Bytes within the values segment.
    public let valuesOffset, valuesLength: UInt64
    let counts: FileArray<UInt32>
    let columns16: FileArray<UInt16>
    let columns32: FileArray<UInt32>
    let stream: FileArray<UInt16>
    /// Why this encoding was chosen.
    public let reason: FileText
    let nanoseconds, denseNanoseconds: UInt64

    /// What the step took where the file was made; nil where nothing was measured.
    public var times: MeasuredTimes? {
      nanoseconds == 0 ? nil : MeasuredTimes(chosen: nanoseconds, dense: denseNanoseconds)
    }
    public var encoding: WeightEncoding? { WeightEncoding(rawValue: encodingCode) }
    public var packing: WeightPacking? { WeightPacking(rawValue: packingCode) }
    /// How many numbers `copyStructure` writes.
    public var countCount: Int { counts.count }
    public var columnCount: Int { Swift.max(columns16.count, columns32.count) }
    public var streamCount: Int { stream.count }
    /// The type of the values; not nil once the structure is validated.
    public var element: ElementCode? { ElementCode(rawValue: elementCode) }
    /// Bytes of one value.
    var elementSize: Int { element?.size ?? 1 }
    /// Numbers stored: values, and what a packing keeps among them.
    public var valueCount: Int { Int(truncatingIfNeeded: valuesLength) / elementSize }
  }

  /// Where a constant's bytes lie in the values segment; the model's meaning must have been checked.
  public func bytes(ofConstant tensor: Tensor) -> UnsafeRawBufferPointer {
    unsafe bytes(at: tensor.offset, count: tensor.byteCount)
  }

  /// Where a weight's values lie in the values segment; its structure must have been validated.
  public func values(of weight: Weight) -> UnsafeRawBufferPointer {
    unsafe bytes(at: weight.valuesOffset, count: Int(truncatingIfNeeded: weight.valuesLength))
  }

  /// The values of a weight of float32.
  func floats(of weight: Weight) -> UnsafeBufferPointer<Float> {
    unsafe values(of: weight).assumingMemoryBound(to: Float.self)
  }

  private func bytes(at offset: UInt64, count: Int) -> UnsafeRawBufferPointer {
    precondition(
      count >= 0 && offset <= valuesLength && UInt64(count) <= valuesLength - offset,
      "bytes outside the values segment: the model's meaning was not checked")
    let start = Int(offset)
    return unsafe UnsafeRawBufferPointer(rebasing: values[start..<start + count])
  }
}

extension VerifiedModel.Tensor {
  init(_ raw: esp_model_tensor) {
    typeCode = unsafe raw.type
    rank = unsafe Int(raw.rank)
    let d = unsafe raw.dims
    dims = [d.0, d.1, d.2, d.3, d.4, d.5, d.6, d.7]
    isConstant = unsafe raw.is_constant != 0
    offset = unsafe raw.offset
    viewOf = unsafe raw.view_of == -1 ? nil : Int(raw.view_of)
    name = unsafe FileText(raw.name)
  }
}

extension VerifiedModel.Step {
  init(_ raw: esp_model_step) {
    kindCode = unsafe raw.kind
    inputs = unsafe FileArray(raw.inputs, raw.input_count)
    outputs = unsafe FileArray(raw.outputs, raw.output_count)
    integers = unsafe FileArray(raw.integers, raw.integer_count)
    floats = unsafe FileArray(raw.floats, raw.float_count)
    weight = unsafe raw.weight == -1 ? nil : Int(raw.weight)
    multiplyAccumulates = unsafe raw.multiply_accumulates
    name = unsafe FileText(raw.name)
    operation = unsafe FileText(raw.operation)
  }
}

extension VerifiedModel.Weight {
  init(_ raw: esp_model_weight) {
    encodingCode = unsafe raw.encoding
    packingCode = unsafe raw.packing
    elementCode = unsafe raw.element
    rows = unsafe Int(raw.rows)
    columns = unsafe Int(raw.columns)
    groups = unsafe Int(raw.groups)
    panelHeight = unsafe Int(raw.panel_height)
    panelsPerList = unsafe Int(raw.panels_per_list)
    columnBlock = unsafe Int(raw.column_block)
    let p = unsafe raw.pattern
    pattern = [Int(p.0), Int(p.1), Int(p.2)]
    nonzeroCount = unsafe raw.nonzero_count
    valuesOffset = unsafe raw.values.offset
    valuesLength = unsafe raw.values.length
    counts = unsafe FileArray(raw.counts, raw.count_count)
    columns16 = unsafe FileArray(raw.columns16, raw.columns16_count)
    columns32 = unsafe FileArray(raw.columns32, raw.columns32_count)
    stream = unsafe FileArray(raw.stream, raw.stream_count)
    reason = unsafe FileText(raw.reason)
    nanoseconds = unsafe raw.nanoseconds
    denseNanoseconds = unsafe raw.dense_nanoseconds
  }
}
