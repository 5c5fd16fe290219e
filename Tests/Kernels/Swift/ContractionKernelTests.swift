internal import CEspalierKernelChecks
internal import CEspalierKernels
import Testing

/// Convolutions, linear layers, matrix products and the vector functions against references, on every instruction set.
@Suite struct ContractionKernelTests {
  enum Check: String, CaseIterable, Sendable {
    case vectorFunctions, convolution, depthwise, winograd, weightTransform, linear, matrixProduct
    case attention

    func run(on set: InstructionSet, seed: UInt32) -> String? {
      let isa = Int32(set.code.rawValue)
      return unsafe failure { message, size in
        switch self {
        case .vectorFunctions: unsafe esp_check_math(isa, seed, message, size)
        case .convolution: unsafe esp_check_convolution(isa, seed, message, size)
        case .depthwise: unsafe esp_check_depthwise(isa, seed, message, size)
        case .winograd: unsafe esp_check_winograd(isa, seed, message, size)
        case .weightTransform: unsafe esp_check_transform(isa, seed, message, size)
        case .linear: unsafe esp_check_linear(isa, seed, message, size)
        case .matrixProduct: unsafe esp_check_matrix_product(isa, seed, message, size)
        case .attention: unsafe esp_check_attention(isa, seed, message, size)
        }
      }
    }
  }

  @Test(arguments: Check.allCases, InstructionSet.available)
  func `agrees with its reference`(check: Check, set: InstructionSet) {
    for seed: UInt32 in [1, 2] {
      let failure = check.run(on: set, seed: seed)
      #expect(failure == nil, "seed \(seed)")
    }
  }

  @Test func `guard pages stop a read beyond a buffer`() {
    #expect(esp_check_guard(0) == 1)
    #expect(esp_check_guard(1) == 1)
  }
}
