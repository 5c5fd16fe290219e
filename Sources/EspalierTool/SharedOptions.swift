import ArgumentParser
import Espalier
import Foundation

/// Shapes for inputs that the model leaves open.
struct InputShapeOptions: ParsableArguments {
  @Option(
    name: .customLong("input-shape"),
    help: ArgumentHelp(
      "Shape of an input whose extents are symbolic; may be repeated.",
      valueName: "name=1,3,224,224"))
  var shapes: [String] = []

  func parsed() throws -> [String: [Int]] {
    var result: [String: [Int]] = [:]
    for text in shapes {
      guard let (name, list) = splitAssignment(text) else {
        throw ValidationError("--input-shape takes NAME=EXTENT,EXTENT,… but got \"\(text)\"")
      }
      let extents = list.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
      guard extents.allSatisfy({ $0 != nil && $0! >= 0 }) else {
        throw ValidationError("--input-shape \"\(text)\": extents are whole numbers")
      }
      result[name] = extents.map { $0! }
      // Some models want an empty past; elsewhere it is a slip.
      if extents.contains(0) {
        say("warning: --input-shape \"\(text)\": an extent of 0 leaves nothing to compute there")
      }
    }
    return result
  }
}

/// Inputs that are constants, for models whose branches or shapes depend on them.
struct InputValueOptions: ParsableArguments {
  @Option(
    name: .customLong("input-value"),
    help: ArgumentHelp(
      "Constant that takes an input's place: a number, true or false, or a list; may be repeated.",
      valueName: "name=16000"))
  var values: [String] = []

  func parsed() throws -> [String: String] {
    var result: [String: String] = [:]
    for text in values {
      guard let (name, list) = splitAssignment(text) else {
        throw ValidationError("--input-value takes NAME=NUMBER,… but got \"\(text)\"")
      }
      let parts = list.split(separator: ",", omittingEmptySubsequences: false)
      guard parts.allSatisfy({ $0 == "true" || $0 == "false" || Double($0) != nil }) else {
        throw ValidationError("--input-value \"\(text)\": values are numbers, true or false")
      }
      guard result.updateValue(list, forKey: name) == nil else {
        throw ValidationError("--input-value gives \"\(name)\" twice")
      }
    }
    return result
  }
}

/// Values for inputs, from NumPy files.
struct InputOptions: ParsableArguments {
  @Option(
    name: .customLong("input"),
    help: ArgumentHelp("Value of an input; may be repeated.", valueName: "name=file.npy"))
  var inputs: [String] = []

  func loaded() throws -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for text in inputs {
      guard let (name, path) = splitAssignment(text) else {
        throw ValidationError("--input takes NAME=FILE.npy but got \"\(text)\"")
      }
      result[name] = try Tensor(contentsOf: path)
    }
    return result
  }
}

/// How many workers the runtime gets.
struct ThreadsOption: ParsableArguments {
  @Option(name: .customLong("threads"), help: "Worker threads of the runtime.") var count = 1

  func validate() throws {
    guard (1...256).contains(count) else {
      throw ValidationError("--threads takes 1 to 256")
    }
  }
}

/// The parts of `name=value`, cut at the last "=" so that names may hold one.
private func splitAssignment(_ text: String) -> (String, String)? {
  guard let place = text.lastIndex(of: "="), place > text.startIndex else { return nil }
  return (String(text[..<place]), String(text[text.index(after: place)...]))
}

/// Prints a value as one JSON document on standard output.
func printJSON(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .withoutEscapingSlashes]
  encoder.nonConformingFloatEncodingStrategy = .convertToString(
    positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  print(escapingJSON(String(decoding: try encoder.encode(value), as: UTF8.self)))
}
