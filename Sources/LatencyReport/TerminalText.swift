extension Unicode.Scalar {
  /// Whether a terminal may obey the character instead of showing it: control characters, separators of
  /// lines, and what changes the direction of text.
  package var isObeyedByTerminals: Bool {
    switch value {
    case 0x00...0x1F, 0x7F...0x9F, 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}

/// Text with what a terminal would obey written as escapes: names come from files.
/// - Parameter keepsLines: Whether line breaks and tabs stay, as in a message of several lines.
package func escapingControls(_ text: String, keepsLines: Bool = true) -> String {
  var result = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    let isLayout = scalar == "\n" || scalar == "\t"
    if scalar.isObeyedByTerminals, !(isLayout && keepsLines) {
      result.append(contentsOf: "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars)
    } else {
      result.append(scalar)
    }
  }
  return String(result)
}
