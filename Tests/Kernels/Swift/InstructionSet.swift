internal import CEspalierKernels

/// An instruction set that kernels are written for.
struct InstructionSet: Sendable, CustomStringConvertible {
  let code: esp_isa

  /// Those that this processor can run.
  static let available: [InstructionSet] = [
    ESP_ISA_SCALAR, ESP_ISA_NEON, ESP_ISA_AVX2, ESP_ISA_AVX512,
  ].filter { esp_isa_available($0) != 0 }.map { InstructionSet(code: $0) }

  var description: String { unsafe String(cString: esp_isa_name(code)) }
}
