/// Why this machine does not time layers, or does not keep their times.
package struct HostError: Error, Sendable, CustomStringConvertible {
  /// A sysexits code: 69 unavailable, 73 cannot create.
  package var exitCode: Int32
  package var description: String

  init(exitCode: Int32, _ description: String) {
    self.exitCode = exitCode
    self.description = description
  }
}
