/// Why a file of tensors is not read or written.
package struct TensorFileError: Error, Sendable, CustomStringConvertible {
  /// A sysexits code: 65 bad data, 66 no input, 73 cannot create, 74 input or output.
  package var exitCode: Int32
  /// What is wrong, with the file's path.
  package var description: String

  init(exitCode: Int32, _ description: String) {
    self.exitCode = exitCode
    self.description = description
  }
}
