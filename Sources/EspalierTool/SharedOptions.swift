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
      guard result.updateValue(extents.map { $0! }, forKey: name) == nil else {
        throw ValidationError("--input-shape gives \"\(name)\" twice")
      }
      // Some models want an empty past; elsewhere it is a slip.
      if extents.contains(0) {
        warn("--input-shape \"\(text)\": an extent of 0 leaves nothing to compute there")
      }
    }
    return result
  }
}

/// Data that says the shapes of inputs.
struct DataShapeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Samples for an input, whose shape but for the first axis is then known; may be repeated.",
      valueName: "[input=]file.npy"))
  var data: [String] = []

  /// Shapes of inputs that the model leaves open.
  /// - Parameter given: Those that are asked for.
  func inputShapes(
    _ given: [String: [Int]], of graph: @autoclosure () throws -> Graph, file: String
  )
    throws -> [String: [Int]]
  {
    guard !data.isEmpty else { return given }
    return try graph().inputShapes(
      given, ofData: data.map(CalibrationArray.init(parsing:)), file: file)
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
    help: ArgumentHelp(
      "Value of an input, whose name may be left out where there is one; may be repeated.",
      valueName: "[name=]file.npy"))
  var inputs: [String] = []

  /// The files that are named.
  var paths: [String] { inputs.map { splitAssignment($0)?.1 ?? $0 } }

  /// Reads the files, and says where what they hold is no number.
  /// - Parameter names: What the model calls its inputs; asked for where a name is left out.
  func loaded(names: () throws -> [String]) throws -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for text in inputs {
      var (name, path) = splitAssignment(text) ?? ("", text)
      if name.isEmpty {
        let names = try names()
        guard names.count == 1 else {
          throw ValidationError(
            "--input \"\(text)\" names no input, and the model has \(names.count): "
              + names.map { "\($0)=FILE.npy" }.joined(separator: ", "))
        }
        name = names[0]
      }
      let tensor = try Tensor(contentsOf: path)
      if let fault = tensor.nonFinite { warn("input \"\(name)\" (\(path)) has \(fault)") }
      guard result.updateValue(tensor, forKey: name) == nil else {
        throw ValidationError("--input gives \"\(name)\" twice")
      }
    }
    return result
  }
}

/// What a command says of its work.
struct ReportOptions: ParsableArguments {
  @Flag(help: "Print one JSON document.") var json = false
  @Flag(name: .shortAndLong, help: "Print nothing but warnings and errors.") var quiet = false

  func validate() throws {
    guard !json || !quiet else { throw ValidationError("--json and --quiet exclude each other") }
  }

  /// Whether a bar would disturb.
  var hidesProgress: Bool { json || quiet }

  /// Prints a report: as JSON, as a table, or not at all.
  func show(_ report: some Encodable, table: () -> Void) throws {
    guard !quiet else { return }
    if json { try printJSON(report) } else { table() }
  }
}

/// Reads a share; one that is given in per cent is told what it is.
func share(_ text: String) throws -> Double {
  let isPercent = text.hasSuffix("%")
  guard let number = decimal(isPercent ? String(text.dropLast()) : text) else {
    throw ValidationError("a share is a number from 0 to below 1")
  }
  guard !isPercent else {
    let share = number / 100
    throw ValidationError("a share is a number from 0 to below 1; did you mean \(share)?")
  }
  return number
}

/// Reads a number in digits: "0x2" is a slip.
func decimal(_ text: String) -> Double? {
  guard text.wholeMatch(of: /[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?/) != nil else {
    return nil
  }
  return Double(text)
}

/// Reads a number of an option.
func number(_ text: String) throws -> Double {
  guard let number = decimal(text) else { throw ValidationError("it takes a number in digits") }
  return number
}

/// Refuses options that a command has, but does not look at where it is used so.
/// - Parameter why: The end of a sentence.
func refuse(_ options: [String], _ why: String) throws {
  let given = Set(CommandLine.arguments.map { String($0.prefix { $0 != "=" }) })
  for option in options where given.contains(option) {
    throw ValidationError("\(option) is not used \(why)")
  }
}

/// What a packed model has no use for.
func refuseOptionsOfGraphs() throws {
  try refuse(["--input-shape", "--input-value"], "by a packed model, which has its shapes")
}

/// What the reference interpreter has no use for.
func refuseOptionsOfRuntime() throws {
  try refuse(["--threads", "--isa"], "by the reference interpreter, which runs an .onnx")
}

/// Warns of what a model was told in vain, or what it holds that no result can be made from.
func warn(_ text: String) { say("warning: \(text)") }

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
