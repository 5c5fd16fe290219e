internal import CEspalierModelFile

/// A model file whose envelope and structure are verified (gates 1 and 2), read in place.
///
/// What its numbers mean is checked by `checkSemantics()` (gate 3); until then, numbers may be
/// anything, though reading them is safe. The bytes it was opened on must stay where they are,
/// unchanged, while it or anything it gave is used.
@safe
public struct VerifiedModel: @unchecked Sendable {
  let file: esp_model
  /// What the model may ask for.
  public let limits: ModelFileLimits

  /// Verifies envelope and structure in time linear in the length; allocates nothing.
  /// - Parameters:
  ///   - bytes: The whole file, at a 64-byte-aligned address.
  ///   - limits: What the file may ask for.
  ///   - isWritten: Whether the bytes are what `ModelDescription.write(to:check:)` lends: pages of
  ///     values are then let go once they are summed.
  /// - Throws: `tooShort` to `overLimit`, with the byte where known.
  public init(
    verifying bytes: UnsafeRawBufferPointer, limits: ModelFileLimits = .default,
    isWritten: Bool = false
  ) throws(ModelFileError) {
    guard UInt64(bytes.count) <= limits.fileBytes else {
      throw ModelFileError(.overLimit, at: .file, "the file is larger than the limit")
    }
    guard let base = bytes.baseAddress else {
      throw ModelFileError(.tooShort, at: .byte(0), "the file is empty")
    }
    var file = unsafe esp_model()
    var place: UInt64 = 0
    let status = unsafe esp_model_open(
      base, bytes.count, isWritten ? esp_file_let_go : nil, &file, &place)
    guard status == ESP_MODEL_OK else { throw ModelFileError(status, at: place) }
    unsafe self.file = file
    self.limits = limits
    guard tensorCount <= limits.tensors, stepCount <= limits.steps else {
      throw ModelFileError(.overLimit, at: .file, "more tensors or steps than the limit")
    }
    guard arenaBytes <= limits.arenaBytes else {
      throw ModelFileError(.overLimit, at: .file, "the arena is larger than the limit")
    }
  }

  public var majorVersion: Int { unsafe Int(file.summary.major) }
  public var minorVersion: Int { unsafe Int(file.summary.minor) }
  /// One bit for each `WeightPacking.featureBit` in use, and those that `model.fbs` has besides.
  public var features: UInt64 { unsafe file.summary.features }
  public var tensorCount: Int { unsafe Int(file.summary.tensor_count) }
  public var stepCount: Int { unsafe Int(file.summary.step_count) }
  public var weightCount: Int { unsafe Int(file.summary.weight_count) }
  /// Numbers of the tensors that the caller writes, in the source graph's order.
  public var inputs: FileArray<Int32> {
    unsafe FileArray(file.summary.inputs, file.summary.input_count)
  }
  /// Numbers of the tensors that the caller reads, in the source graph's order.
  public var outputs: FileArray<Int32> {
    unsafe FileArray(file.summary.outputs, file.summary.output_count)
  }
  /// Bytes of working memory for all that is computed; within the limit.
  public var arenaBytes: UInt64 { unsafe file.summary.arena_bytes }
  /// The program that wrote the file.
  public var producer: FileText { unsafe FileText(file.summary.producer) }
  /// What the file was made from.
  public var source: FileText { unsafe FileText(file.summary.source) }
  /// What the weights' times were measured on; empty where they were not.
  public var device: FileText { unsafe FileText(file.summary.device) }
  /// Weights and constants, 64-byte aligned.
  public var values: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(start: file.summary.values, count: Int(valuesLength))
  }
  var valuesLength: UInt64 { unsafe file.summary.values_length }

  /// - Parameter index: Below `tensorCount`.
  public func tensor(_ index: Int) -> Tensor {
    precondition(index >= 0 && index < tensorCount, "no such tensor")
    var raw = unsafe esp_model_tensor()
    unsafe withUnsafePointer(to: file) { unsafe esp_model_get_tensor($0, UInt32(index), &raw) }
    return unsafe Tensor(raw)
  }

  /// - Parameter index: Below `stepCount`.
  public func step(_ index: Int) -> Step {
    precondition(index >= 0 && index < stepCount, "no such step")
    var raw = unsafe esp_model_step()
    unsafe withUnsafePointer(to: file) { unsafe esp_model_get_step($0, UInt32(index), &raw) }
    return unsafe Step(raw)
  }

  /// - Parameter index: Below `weightCount`.
  public func weight(_ index: Int) -> Weight {
    precondition(index >= 0 && index < weightCount, "no such weight")
    var raw = unsafe esp_model_weight()
    unsafe withUnsafePointer(to: file) { unsafe esp_model_get_weight($0, UInt32(index), &raw) }
    return unsafe Weight(raw)
  }
}

extension FileText {
  init(_ text: esp_text) {
    let bytes = unsafe UnsafeRawPointer(text.bytes)?.assumingMemoryBound(to: UInt8.self)
    utf8 = unsafe FileArray(bytes, text.length)
  }
}
