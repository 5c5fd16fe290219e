/// How much of everything a model file may ask for before it is refused.
///
/// They bound what loading a hostile file costs, and may be raised for a model that needs it.
public struct ModelFileLimits: Sendable {
  /// Bytes of the whole file; it is mapped, so a large one costs address space, not memory.
  public var fileBytes: UInt64 = 2 << 30
  public var steps: Int = 65_536
  public var tensors: Int = 131_072
  /// Bytes of one tensor.
  public var tensorBytes: UInt64 = 1 << 31
  /// Bytes of all weights as Winograd's transforms make them from those of the file, up to 32 times as
  /// many.
  public var transformedBytes: UInt64 = 1 << 31
  /// Bytes of the arena.
  public var arenaBytes: UInt64 = 1 << 31

  public init() {}

  public static let `default` = ModelFileLimits()
}
