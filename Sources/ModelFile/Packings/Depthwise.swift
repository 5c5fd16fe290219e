/// Packing 3: the taps of depthwise convolutions, as ONNX has them.
///
/// groups are the channels, columns kernelH * kernelW, rows a multiple of groups; panel_height means nothing.
/// values: `PlainRows`. Encoding dense.
enum Depthwise {
  static var rules: PackingRules {
    PackingRules(
      kernel: "depthwise", servesConvolutions: true, isDense: { _ in true }, validate: validate)
  }

  private static func validate(
    _ weight: VerifiedModel.Weight, _ structure: WeightStructure
  ) throws(WeightFault) -> UInt64 {
    try PlainRows.byteCount(weight, structure)
  }
}
