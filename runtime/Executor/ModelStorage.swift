internal import CEspalierKernels
internal import EspalierModelFile

/// The bytes of a file, released when the last user is gone.
@safe
final class FileOwner: Sendable {
  nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
  private let release: @Sendable (UnsafeRawBufferPointer) -> Void

  init(
    _ bytes: UnsafeRawBufferPointer, _ release: @escaping @Sendable (UnsafeRawBufferPointer) -> Void
  ) {
    unsafe self.bytes = unsafe bytes
    unsafe self.release = unsafe release
  }

  deinit {
    unsafe release(bytes)
  }
}

/// What a model and its sessions share: the verified file and private copies of its index lists.
@safe
final class ModelStorage: @unchecked Sendable {
  private let owner: FileOwner
  let file: VerifiedModel
  /// Lists of all weights, copied before they are validated, so that nobody can change them after.
  private let lists: Allocation
  private let weights: [esp_weight]
  /// What Winograd's transforms make of those weights that steps run so.
  private let transformed: TransformedWeights
  let inputs: [TensorInfo]
  let outputs: [TensorInfo]
  let inputNumbers: [Int]
  let outputNumbers: [Int]
  let weightBytes: Int
  /// Bytes that Winograd's transforms make of weights, among `weightBytes`.
  var transformedBytes: Int { transformed.byteCount }
  /// Whether sessions may run it, and not only check it.
  let isRunnable: Bool
  var fileBytes: Int { unsafe owner.bytes.count }

  init(
    owner: FileOwner, limits: ModelFileLimits, isWritten: Bool = false
  ) throws(ExecutorError) {
    self.owner = owner
    let file = try Self.verified(owner, limits, isWritten)
    let size = Self.listBytes(file)
    guard let lists = Allocation(count: size) else { throw .outOfMemory(bytes: size) }
    var places = unsafe Places(base: lists.base)
    var weights: [esp_weight] = unsafe []
    var weightBytes = size
    for number in 0..<file.weightCount {
      let weight = unsafe try Self.weight(number, of: file, &places)
      weightBytes += unsafe file.values(of: file.weight(number)).count
      unsafe weights.append(weight)
    }
    // Pages of what was only written to be checked are let go, and not read again.
    isRunnable = !isWritten
    transformed = try unsafe TransformedWeights(&weights, of: file, isMade: isRunnable)
    self.file = file
    self.lists = lists
    unsafe self.weights = weights
    self.weightBytes = weightBytes + transformed.byteCount
    inputNumbers = file.inputs.map { Int($0) }
    outputNumbers = file.outputs.map { Int($0) }
    inputs = inputNumbers.map { TensorInfo(file.tensor($0)) }
    outputs = outputNumbers.map { TensorInfo(file.tensor($0)) }
  }

  private static func verified(
    _ owner: FileOwner, _ limits: ModelFileLimits, _ isWritten: Bool
  ) throws(ExecutorError) -> VerifiedModel {
    do throws(ModelFileError) {
      let file = try unsafe VerifiedModel(
        verifying: owner.bytes, limits: limits, isWritten: isWritten)
      // Weights are validated as they are copied.
      try file.checkProgram()
      return file
    } catch {
      throw .file(error)
    }
  }

  /// Room for the lists of all weights; their numbers are bounded by the file's length.
  private static func listBytes(_ file: VerifiedModel) -> Int {
    var places = unsafe Places(base: nil)
    for number in 0..<file.weightCount {
      let weight = file.weight(number)
      _ = unsafe places.take(weight.countCount * MemoryLayout<UInt32>.stride)
      _ = unsafe places.take(weight.columnCount * MemoryLayout<UInt32>.stride)
      _ = unsafe places.take(weight.streamCount * MemoryLayout<UInt16>.stride)
    }
    return places.count
  }

  private static func weight(
    _ number: Int, of file: VerifiedModel, _ places: inout Places
  ) throws(ExecutorError) -> esp_weight {
    let weight = file.weight(number)
    let counts = unsafe places.array(of: UInt32.self, weight.countCount)
    let columns = unsafe places.array(of: UInt32.self, weight.columnCount)
    let stream = unsafe places.array(of: UInt16.self, weight.streamCount)
    do throws(ModelFileError) {
      try unsafe file.copyStructure(
        ofWeight: number, to: WeightStructure(counts: counts, columns: columns, stream: stream))
    } catch {
      throw .file(error)
    }
    // Validation lets float32 pass alone, of which the kernels are.
    let values = unsafe file.values(of: weight)
    let size = (weight.element ?? .f32).size
    return unsafe esp_weight(
      packing: esp_packing(rawValue: UInt32(weight.packingCode)), rows: Int32(weight.rows),
      columns: Int32(weight.columns), groups: Int32(weight.groups),
      panel_height: Int32(weight.panelHeight), panels_per_list: Int32(weight.panelsPerList),
      column_block: Int32(weight.columnBlock), element: esp_type(UInt32(weight.elementCode)),
      values: values.baseAddress, value_count: values.count / size, counts: present(counts),
      count_count: counts.count,
      column: present(columns), column_count: columns.count, stream: present(stream),
      stream_count: stream.count, transformed: nil)
  }

  /// The array's address, null where it is empty: kernels tell dense panels by it.
  private static func present<Element>(
    _ array: UnsafeMutableBufferPointer<Element>
  ) -> UnsafePointer<Element>? {
    unsafe array.isEmpty ? nil : UnsafePointer(array.baseAddress)
  }
}

extension Places {
  /// The next place for an array; only where places are really handed out.
  fileprivate mutating func array<Element: BitwiseCopyable>(
    of element: Element.Type, _ count: Int
  ) -> UnsafeMutableBufferPointer<Element> {
    let place = unsafe take(count * MemoryLayout<Element>.stride)
    return unsafe UnsafeMutableBufferPointer(
      start: place?.bindMemory(to: Element.self, capacity: count), count: count)
  }
}

extension TensorInfo {
  fileprivate init(_ tensor: VerifiedModel.Tensor) {
    name = unsafe String(decoding: tensor.name.utf8.buffer, as: UTF8.self)
    element = tensor.type ?? .u8
    dims = tensor.extents
    count = tensor.elementCount
  }
}

// MARK: What binders ask

extension ModelStorage {
  func step(_ number: Int) -> Step {
    let step = file.step(number)
    return Step(
      kind: step.kind ?? .fill, inputs: step.inputs.map { Int($0) },
      outputs: step.outputs.map { Int($0) }, integers: Array(step.integers),
      floats: Array(step.floats), weight: step.weight)
  }

  /// - Parameter number: A tensor that a step of the file names.
  func info(ofTensor number: Int) -> TensorInfo { TensorInfo(file.tensor(number)) }

  func stepName(_ number: Int) -> String { text(file.step(number).name) }

  func weight(_ number: Int) -> esp_weight? {
    unsafe weights.indices.contains(number) ? weights[number] : nil
  }

  /// A tensor within a session's arena or the file, nil where there is none of that number.
  func operand(_ number: Int, arena: UnsafeMutableRawPointer) -> Operand? {
    guard number >= 0, number < file.tensorCount else { return nil }
    let tensor = file.tensor(number)
    guard let element = tensor.type else { return nil }
    let address =
      if tensor.isConstant {
        unsafe UnsafeMutableRawPointer(mutating: file.bytes(ofConstant: tensor).baseAddress)
      } else {
        unsafe arena + Int(tensor.offset)
      }
    return unsafe Operand(
      element: element, dims: tensor.extents, count: tensor.elementCount,
      address: address ?? arena, isConstant: tensor.isConstant)
  }
}
