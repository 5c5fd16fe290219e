internal import CEspalierKernelChecks
internal import CEspalierKernels
import Testing

/// One of the checks written in C, which run wherever C runs.
struct PlainCheck: Sendable, CustomStringConvertible {
  let index: Int

  static let all: [PlainCheck] = Array(
    (0...).lazy.prefix { unsafe esp_plain_check_at($0) != nil }.map { PlainCheck(index: $0) })

  var description: String { unsafe String(cString: esp_plain_check_at(index)!.pointee.name) }

  /// What went wrong, with the seed and the case; nil if nothing did.
  func run(on set: InstructionSet, seed: UInt64) -> String? {
    unsafe failure { message, size in
      unsafe esp_plain_check_at(index)!.pointee.check!(set.code, seed, message, size)
    }
  }
}

/// Every plain kernel and the thread pool against references, on every instruction set of this machine.
@Suite struct PlainKernelTests {
  @Test(arguments: PlainCheck.all, InstructionSet.available)
  func `agrees with its reference`(check: PlainCheck, set: InstructionSet) {
    for seed: UInt64 in [1, 2] {
      #expect(check.run(on: set, seed: seed) == nil)
    }
  }

  @Test func `there are checks to run`() {
    #expect(PlainCheck.all.count == 29)
    #expect(InstructionSet.available.count >= 1)
  }
}
