internal import CEspalierKernels

/// An instruction set that kernels are written for.
public enum InstructionSet: UInt32, Sendable, CaseIterable {
  case scalar = 0
  case neon = 1
  /// AVX2 and FMA.
  case avx2 = 2
  /// AVX-512 F, BW, DQ and VL.
  case avx512 = 3

  /// The best that this processor has.
  public static var best: InstructionSet {
    InstructionSet(rawValue: UInt32(esp_detect_isa().rawValue)) ?? .scalar
  }

  /// Whether this processor has it.
  public var isAvailable: Bool { esp_isa_available(code) != 0 }

  /// Its name in reports and on the command line.
  public var name: String {
    switch self {
    case .scalar: "scalar"
    case .neon: "neon"
    case .avx2: "avx2"
    case .avx512: "avx512"
    }
  }

  var code: esp_isa { esp_isa(rawValue: rawValue) }
}
