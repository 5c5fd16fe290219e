internal import EspalierExecutor
package import Foundation

/// What times on this machine belong to: the processor, and the kernels this program was built with.
package struct MachineIdentity {
  /// The processor's name, for people.
  let processor: String
  /// A number for processor and kernels: times of another number say nothing about this one.
  let hash: UInt64

  /// Lines of /proc/cpuinfo that tell one processor from another, on x86 and on ARM.
  private static let fields = [
    "vendor_id", "cpu family", "model", "model name", "stepping", "cache size", "CPU implementer",
    "CPU architecture", "CPU variant", "CPU part", "CPU revision",
  ]

  /// This machine's; the program's own bytes stand for its kernels, so that no kernel can change
  /// without changing the number.
  static func current() -> MachineIdentity {
    let facts = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let program = (try? Data(contentsOf: URL(fileURLWithPath: "/proc/self/exe"))) ?? Data()
    return MachineIdentity(processorFacts: facts, program: program)
  }

  /// - Parameters:
  ///   - processorFacts: The text of /proc/cpuinfo; every core's lines count, since boards have cores
  ///     of several kinds.
  ///   - program: The bytes of the program.
  package init(processorFacts: String, program: Data) {
    var lines: [String] = []
    var name: String?
    for line in processorFacts.split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
        .map { $0.trimmingCharacters(in: .whitespaces) }
      guard parts.count == 2, Self.fields.contains(parts[0]) else { continue }
      if parts[0] == "model name" { name = name ?? parts[1] }
      if !lines.contains(parts.joined(separator: " ")) {
        lines.append(parts.joined(separator: " "))
      }
    }
    processor = name ?? "this processor"
    let facts = checksum(lines.joined(separator: "\n").utf8)
    hash = unsafe program.withUnsafeBytes { unsafe checksum($0, from: facts) }
  }
}

/// FNV-1a over bytes: against accidents, not against attackers.
func checksum(
  _ bytes: some Sequence<UInt8>, from start: UInt64 = 0xCBF2_9CE4_8422_2325
) -> UInt64 {
  var hash = start
  for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
  return hash
}

/// Sixteen hexadecimal digits.
func hexadecimal(_ number: UInt64) -> String {
  let digits = String(number, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}
