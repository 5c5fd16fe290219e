public import EspalierModelFile

/// A verified model file: immutable, shared by any number of sessions, weights used in place.
///
/// A model holds no working memory; that is a `Session`'s.
public struct Model: ~Copyable, Sendable {
  let storage: ModelStorage

  /// Passes the bytes of a model file through the three gates and takes them over.
  ///
  /// - Parameters:
  ///   - bytes: The whole file, 64-byte aligned, which stays unchanged until it is released.
  ///   - limits: What the file may ask for.
  ///   - release: Called once with `bytes`, when the model and all its sessions are gone, or when the
  ///     file is refused.
  /// - Throws: `ExecutorError.file`, with code and place.
  public init(
    adopting bytes: UnsafeRawBufferPointer, limits: ModelFileLimits = .default,
    release: @escaping @Sendable (UnsafeRawBufferPointer) -> Void
  ) throws(ExecutorError) {
    storage = try ModelStorage(owner: unsafe FileOwner(bytes, release), limits: limits)
  }

  /// Passes what `ModelDescription.write(to:check:)` lends through the three gates, without keeping
  /// all of it in memory; it can be checked, and not be run.
  /// - Throws: `ExecutorError.file`, with code and place.
  package init(checking bytes: UnsafeRawBufferPointer) throws(ExecutorError) {
    let owner = unsafe FileOwner(bytes) { _ in }
    storage = try ModelStorage(owner: owner, limits: .default, isWritten: true)
  }

  /// Passes a copy of a model file's bytes through the three gates.
  /// - Throws: `ExecutorError.file`, with code and place.
  public init(
    copying file: Span<UInt8>, limits: ModelFileLimits = .default
  ) throws(ExecutorError) {
    let count = file.count
    let place = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1), alignment: 64)
    unsafe file.withUnsafeBufferPointer {
      if let base = $0.baseAddress { unsafe place.copyMemory(from: base, byteCount: count) }
    }
    let bytes = unsafe UnsafeRawBufferPointer(start: place, count: count)
    try unsafe self.init(adopting: bytes, limits: limits) { bytes in
      unsafe bytes.baseAddress?.deallocate()
    }
  }

  /// Checks what loading leaves to later: what weights promise, and every step against its kernel on
  /// this machine. What passes can be run.
  /// - Throws: A weight that breaks its promise, a step that breaks a rule, or what this machine lacks.
  public func check() throws(ExecutorError) { try Session.check(storage) }

  /// Checks what weights promise alone, which needs no kernels.
  /// - Throws: A weight that breaks its promise.
  package func checkWeights() throws(ExecutorError) {
    do throws(ModelFileError) { try storage.file.checkWeights() } catch { throw .file(error) }
  }

  /// What the model takes, in the source graph's order.
  public var inputs: [TensorInfo] { storage.inputs }
  /// What the model gives, in the source graph's order.
  public var outputs: [TensorInfo] { storage.outputs }
  public var stepCount: Int { storage.file.stepCount }
  /// Bytes of the whole file.
  public var fileBytes: Int { storage.fileBytes }
  /// Bytes of weights in memory: packed as they are in the file, indices included, and transformed.
  public var weightBytes: Int { storage.weightBytes }
  /// Bytes of what Winograd's transforms made of weights when the model was loaded; among `weightBytes`.
  public var transformedBytes: Int { storage.transformedBytes }
  /// Bytes of activations each session will hold.
  public var arenaBytes: Int { Int(storage.file.arenaBytes) }
  /// The program that wrote the file.
  public var producer: String { text(storage.file.producer) }
  /// What the file was made from.
  public var source: String { text(storage.file.source) }
  /// What the steps' times were measured on; empty where they were not.
  public var device: String { text(storage.file.device) }
}

/// A tensor that enters or leaves a model.
public struct TensorInfo: Sendable {
  /// The source graph's name, as it is; need not be unique.
  public let name: String
  public let element: ElementCode
  public let dims: [Int]
  /// Elements.
  public let count: Int
  public var byteCount: Int { count * element.size }
  /// ONNX's code of the element type.
  public var code: Int32 { element.rawValue }
}

/// Text of the file as a string, escaped so that showing it changes nothing around it.
func text(_ text: FileText) -> String {
  var bytes: [UInt8] = []
  text.appendEscaped(to: &bytes)
  return String(decoding: bytes, as: UTF8.self)
}
