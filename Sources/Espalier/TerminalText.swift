internal import EspalierLatencyReport

/// A JSON document with what encoders leave in place, and a terminal would obey, as JSON's escapes.
package func escapingJSON(_ text: String) -> String {
  var result = ""
  for scalar in text.unicodeScalars {
    if scalar.isObeyedByTerminals, scalar.value >= 0x7F {
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}
