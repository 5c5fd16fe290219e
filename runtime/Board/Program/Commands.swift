internal import EspalierBoard
internal import EspalierExecutor
internal import EspalierLatencyReport
internal import EspalierMeasure

extension Program {
  /// Runs the model once on `.npy` inputs; writes one `.npy` file per output.
  static func runModel(_ arguments: Arguments) throws(Failure) {
    let model = try loaded(arguments.model)
    var session = try started(model, arguments)
    unsafe try files(arguments, model, isComplete: true) { position, values in
      unsafe session.setInput(position, from: values)
    }
    do throws(RunError) { try session.run() } catch { throw .data(error.description) }
    guard let folder = arguments.folder else { return }
    do throws(BoardError) {
      try Board.makeFolder(folder)
      var names: [[UInt8]] = []
      for position in model.outputs.indices {
        let info = model.outputs[position]
        let name = fileName(info.name, unlike: names)
        names.append(name)
        guard let element = NumPyElement(rawValue: info.code) else { continue }
        let path = folder + "/" + String(decoding: name, as: UTF8.self) + ".npy"
        unsafe try session.withOutput(position) { (values) throws(BoardError) in
          try unsafe NumPyFile.write(values, element: element, dims: info.dims, to: path)
        }
      }
    } catch {
      throw Failure(exitCode: error.exitCode, message: error.description)
    }
  }

  /// Measures the model; prints a table, or one JSON document.
  static func benchModel(_ arguments: Arguments) throws(Failure) {
    var options = BenchOptions()
    options.threads = arguments.threads
    options.instructionSet = arguments.instructionSet
    let model = try loaded(arguments.model)
    var inputs = ModelInputs(placeholdersFor: model)
    unsafe try files(arguments, model, isComplete: false) { position, values in
      unsafe inputs.set(position, to: Array(values))
    }
    let report: BenchReport
    do throws(BenchError) {
      report = try bench(modelAt: arguments.model, options: options, inputs: inputs)
    } catch {
      throw Failure(exitCode: error.exitCode, message: error.description)
    }
    Board.print(arguments.printsJSON ? report.json + "\n" : report.table)
  }

  private static func loaded(_ path: String) throws(Failure) -> Model {
    do throws(LoadError) {
      return try Model(contentsOf: path)
    } catch {
      throw Failure(exitCode: error.exitCode, message: error.description)
    }
  }

  private static func started(
    _ model: borrowing Model, _ arguments: Arguments
  ) throws(Failure) -> Session {
    do throws(ExecutorError) {
      return try Session(
        model, threads: arguments.threads, instructionSet: arguments.instructionSet)
    } catch {
      throw Failure(
        exitCode: error.exitCode, message: "\(arguments.model): \(error.description)")
    }
  }

  /// Reads each `--input` and hands its values over, once they are what the model takes.
  private static func files(
    _ arguments: Arguments, _ model: borrowing Model, isComplete: Bool,
    _ body: (Int, UnsafeRawBufferPointer) -> Void
  ) throws(Failure) {
    let infos = model.inputs
    var isGiven = [Bool](repeating: false, count: infos.count)
    for input in arguments.inputs {
      let found = infos.firstIndex { Array($0.name.utf8) == input.name }
      guard let position = found else {
        throw .usage("the model has no input \(String(decoding: input.name, as: UTF8.self))")
      }
      isGiven[position] = true
      let info = infos[position]
      let file = try array(input.path)
      guard file.header.element.rawValue == info.code, file.header.dims == info.dims else {
        throw .data(
          "\(input.path) is \(file.header.summary); input \(info.name) takes \(info.summary)")
      }
      unsafe body(position, file.values)
    }
    guard let missing = isGiven.firstIndex(of: false), isComplete else { return }
    throw .usage("--input \(infos[missing].name)=FILE.npy is missing (\(infos[missing].summary))")
  }

  private static func array(_ path: String) throws(Failure) -> NumPyFile {
    do throws(NumPyFile.Failure) {
      return try NumPyFile(contentsOf: path)
    } catch {
      throw Failure(exitCode: error.exitCode, message: error.description)
    }
  }

  /// A name that is safe as a file name and not taken yet.
  private static func fileName(_ name: String, unlike taken: [[UInt8]]) -> [UInt8] {
    var bytes = name.utf8.map { (byte: UInt8) -> UInt8 in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "."):
        byte
      default: UInt8(ascii: "_")
      }
    }
    if bytes.first == UInt8(ascii: ".") { bytes[0] = UInt8(ascii: "_") }
    if bytes.isEmpty { bytes = Array("output".utf8) }
    while taken.contains(bytes) { bytes.append(UInt8(ascii: "_")) }
    return bytes
  }
}

extension TensorInfo {
  fileprivate var summary: String { describe(NumPyElement(rawValue: code), dims) }
}

extension NumPyHeader {
  fileprivate var summary: String { describe(element, dims) }
}

private func describe(_ element: NumPyElement?, _ dims: [Int]) -> String {
  var text = element?.name ?? "unknown"
  text += "["
  for (position, extent) in dims.enumerated() { text += position == 0 ? "\(extent)" : ",\(extent)" }
  return text + "]"
}
