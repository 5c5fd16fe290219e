#if !hasFeature(Embedded)
internal import CEspalierModelFile

extension ModelDescription {
  /// The file up to its values, whose sum it still lacks.
  func prefix(_ layout: ValueLayout) throws(ModelFileError) -> [UInt8] {
    let pool = CopyPool()
    var contents = unsafe esp_model_contents()
    var tensors = unsafe [esp_model_tensor]()
    for index in self.tensors.indices {
      try unsafe tensors.append(bridged(tensor: index, layout, pool))
    }
    unsafe contents.tensors = pool.copy(tensors)
    unsafe contents.tensor_count = UInt32(tensors.count)
    var steps = unsafe [esp_model_step]()
    for index in self.steps.indices { try unsafe steps.append(bridged(step: index, pool)) }
    unsafe contents.steps = pool.copy(steps)
    unsafe contents.step_count = UInt32(steps.count)
    var weights = unsafe [esp_model_weight]()
    for index in self.weights.indices {
      try unsafe weights.append(bridged(weight: index, at: layout.weights[index], pool))
    }
    unsafe contents.weights = pool.copy(weights)
    unsafe contents.weight_count = UInt32(weights.count)
    unsafe contents.inputs = pool.copy(try numbers(inputs, at: .file))
    unsafe contents.input_count = UInt32(inputs.count)
    unsafe contents.outputs = pool.copy(try numbers(outputs, at: .file))
    unsafe contents.output_count = UInt32(outputs.count)
    unsafe contents.features = self.weights.reduce(0) { $0 | $1.packing.featureBit }
    unsafe contents.arena_bytes = arenaBytes
    unsafe contents.producer = pool.copy(producer)
    unsafe contents.source = pool.copy(source)
    unsafe contents.device = pool.copy(device)
    unsafe contents.values_length = layout.length

    var length = 0
    guard let bytes = unsafe esp_model_build_prefix(&contents, &length) else {
      throw ModelFileError(.overLimit, at: .file, "the header would be 1 GiB or more")
    }
    defer { unsafe esp_model_free(bytes) }
    return unsafe Array(UnsafeBufferPointer(start: bytes, count: length))
  }

  /// Bytes of the arena: up to the end of the last tensor in it, a multiple of 64.
  public var arenaBytes: UInt64 {
    var end: UInt64 = 0
    for tensor in tensors {
      guard case .arena(let offset) = tensor.placement else { continue }
      let count = tensor.dims.reduce(1, &*) &* tensor.type.size
      end = Swift.max(end, UInt64(Swift.max(0, offset &+ count)))
    }
    return roundedUp(end)
  }

  private func bridged(tensor index: Int, _ layout: ValueLayout, _ pool: CopyPool)
    throws(ModelFileError) -> esp_model_tensor
  {
    let tensor = tensors[index]
    guard tensor.dims.count <= Int(ESP_MODEL_MAX_RANK) else {
      throw ModelFileError(.badTensor, at: .tensor(index), "a tensor has at most 8 axes")
    }
    var bridged = unsafe esp_model_tensor()
    unsafe bridged.type = tensor.type.rawValue
    unsafe bridged.rank = Int32(tensor.dims.count)
    unsafe withUnsafeMutableBytes(of: &bridged.dims) { bytes in
      let dims = unsafe bytes.assumingMemoryBound(to: Int64.self)
      for (axis, extent) in tensor.dims.enumerated() { unsafe dims[axis] = Int64(extent) }
    }
    unsafe bridged.view_of = -1
    let badPlacement = ModelFileError(
      .badPlacement, at: .tensor(index), "the tensor is placed nowhere in the file or the arena")
    switch tensor.placement {
    case .arena(let offset):
      guard offset >= 0 else { throw badPlacement }
      unsafe bridged.offset = UInt64(offset)
    case .constant(let constant):
      guard constants.indices.contains(constant) else { throw badPlacement }
      unsafe bridged.is_constant = 1
      unsafe bridged.offset = layout.constants[constant]
    case .view(let storage, let offset):
      guard tensors.indices.contains(storage), offset >= 0,
        case .arena(let start) = tensors[storage].placement, start >= 0
      else { throw badPlacement }
      unsafe bridged.view_of = Int32(storage)
      unsafe bridged.offset = UInt64(start + offset)
    }
    unsafe bridged.name = pool.copy(tensor.name)
    return unsafe bridged
  }

  private func bridged(step index: Int, _ pool: CopyPool) throws(ModelFileError) -> esp_model_step {
    let step = steps[index]
    var bridged = unsafe esp_model_step()
    unsafe bridged.kind = step.kind.rawValue
    unsafe bridged.inputs = pool.copy(try numbers(step.inputs, at: .step(index)))
    unsafe bridged.input_count = UInt32(step.inputs.count)
    unsafe bridged.outputs = pool.copy(try numbers(step.outputs, at: .step(index)))
    unsafe bridged.output_count = UInt32(step.outputs.count)
    unsafe bridged.integers = pool.copy(step.integers)
    unsafe bridged.integer_count = UInt32(step.integers.count)
    unsafe bridged.floats = pool.copy(step.floats)
    unsafe bridged.float_count = UInt32(step.floats.count)
    unsafe bridged.weight = try number(step.weight ?? -1, at: .step(index))
    unsafe bridged.multiply_accumulates = step.multiplyAccumulates
    unsafe bridged.name = pool.copy(step.name)
    unsafe bridged.operation = pool.copy(step.operation)
    return unsafe bridged
  }

  private func bridged(weight index: Int, at offset: UInt64, _ pool: CopyPool)
    throws(ModelFileError) -> esp_model_weight
  {
    let weight = weights[index]
    let place = ModelFileError.Place.weight(index)
    var bridged = unsafe esp_model_weight()
    unsafe bridged.encoding = weight.encoding.rawValue
    unsafe bridged.packing = weight.packing.rawValue
    unsafe bridged.element = weight.element.rawValue
    unsafe bridged.rows = try number(weight.rows, at: place)
    unsafe bridged.columns = try number(weight.columns, at: place)
    unsafe bridged.groups = try number(weight.groups, at: place)
    unsafe bridged.panel_height = try number(weight.panelHeight, at: place)
    unsafe bridged.panels_per_list = try number(weight.panelsPerList, at: place)
    unsafe bridged.column_block = try number(weight.columnBlock, at: place)
    let pattern = try numbers(weight.pattern, at: place) + [0, 0, 0]
    unsafe bridged.pattern = (pattern[0], pattern[1], pattern[2])
    unsafe bridged.nonzero_count = weight.nonzeroCount
    unsafe bridged.values = esp_range(offset: offset, length: UInt64(weight.values.byteCount))
    unsafe bridged.counts = pool.copy(weight.counts)
    unsafe bridged.count_count = UInt32(weight.counts.count)
    if weight.columns <= 65_536 {
      let columns = weight.columnLists.map { UInt16(truncatingIfNeeded: $0) }
      unsafe bridged.columns16 = pool.copy(columns)
      unsafe bridged.columns16_count = UInt32(columns.count)
    } else {
      unsafe bridged.columns32 = pool.copy(weight.columnLists)
      unsafe bridged.columns32_count = UInt32(weight.columnLists.count)
    }
    unsafe bridged.stream = pool.copy(weight.stream)
    unsafe bridged.stream_count = UInt32(weight.stream.count)
    unsafe bridged.reason = pool.copy(weight.reason)
    unsafe bridged.nanoseconds = weight.times?.chosen ?? 0
    unsafe bridged.dense_nanoseconds = weight.times?.dense ?? 0
    return unsafe bridged
  }

  private func number(_ number: Int, at place: ModelFileError.Place) throws(ModelFileError)
    -> Int32
  {
    guard let small = Int32(exactly: number) else {
      throw ModelFileError(.badNumber, at: place, "a number does not fit into 32 bits")
    }
    return small
  }

  private func numbers(_ numbers: [Int], at place: ModelFileError.Place) throws(ModelFileError)
    -> [Int32]
  {
    var small: [Int32] = []
    small.reserveCapacity(numbers.count)
    for value in numbers { small.append(try number(value, at: place)) }
    return small
  }
}
#endif
