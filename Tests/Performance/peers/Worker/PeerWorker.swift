import EspalierBoard
import EspalierExecutor
import EspalierMeasure

/// A packed model in a process of its own, beside the peers' `worker.py`, which says how it answers
/// `load`, `run K` and `output STEM`.
///
/// Besides, `profile K` gives `[nanoseconds, multiply-accumulates]` for each step: the time of K runs
/// together, and the work that is left where zeros were left out, `null` where none were.
///
///     PeerWorker MODEL.esp THREADS INPUT.npy ...
@main
struct PeerWorker {
  static func main() {
    do {
      let words = Array(CommandLine.arguments.dropFirst())
      guard words.count >= 2, let threads = Int(words[1]), threads >= 1 else {
        throw Failure("usage: PeerWorker MODEL.esp THREADS INPUT.npy ...")
      }
      answer(#"{"version": null}"#)
      guard let line = readLine(), line == "load" else { return }
      try serve(words[0], threads: threads, inputs: Array(words[2...]))
    } catch {
      let reason = "\(error)".map { $0 == "\"" || $0 == "\\" ? "'" : $0 }
      answer(#"{"failure": ""# + String(reason) + #""}"#)
    }
  }

  private static func serve(_ path: String, threads: Int, inputs: [String]) throws {
    let cores = Array(Board.cores.prefix(threads))
    let start = Board.now
    let model = try Model(contentsOf: path)
    var session = try Session(model, threads: threads, cores: cores.count == threads ? cores : nil)
    let taken = Board.now - start
    let values = try placed(inputs, model)
    answer(
      #"{"nanoseconds": \#(taken), "arena": \#(session.arenaBytes), "#
        + #""kernels": "\#(session.instructionSet.name)"}"#)

    while let line = readLine() {
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2 else { throw Failure("no such command: \(line)") }
      if parts[0] == "run", let count = Int(parts[1]) {
        var samples: [UInt64] = []
        for _ in 0..<count {
          values.set(in: &session)
          let start = Board.now
          try session.run()
          samples.append(Board.now - start)
        }
        answer("\(samples)")
      } else if parts[0] == "profile", let count = Int(parts[1]) {
        var taken = [UInt64](repeating: 0, count: session.stepCount)
        for _ in 0..<count {
          values.set(in: &session)
          try session.run(profile: &taken)
        }
        let rows = taken.enumerated().map { "[\($1), \(remaining(model.step($0)))]" }
        answer("[\(rows.joined(separator: ", "))]")
      } else {
        try write(session, model, stem: String(parts[1]))
        answer(#"{"count": \#(model.outputs.count)}"#)
      }
    }
  }

  private static func remaining(_ step: StepInfo) -> String {
    guard let encoding = step.encoding, encoding != "dense", let density = step.density else {
      return "null"
    }
    return "\(density * Double(step.multiplyAccumulates))"
  }

  /// The inputs of files, each exactly what the model takes at its place.
  private static func placed(_ paths: [String], _ model: borrowing Model) throws -> ModelInputs {
    guard paths.count == model.inputs.count else {
      throw Failure("\(model.inputs.count) inputs, \(paths.count) files")
    }
    var values = ModelInputs(placeholdersFor: model)
    for (position, path) in paths.enumerated() {
      let file = try NumPyFile(contentsOf: path)
      let info = model.inputs[position]
      guard file.header.element.rawValue == info.code, file.header.dims == info.dims else {
        throw Failure("\(path) is not what input \(info.name) takes")
      }
      values.set(position, to: unsafe Array(file.values))
    }
    return values
  }

  private static func write(
    _ session: borrowing Session, _ model: borrowing Model, stem: String
  ) throws {
    for position in model.outputs.indices {
      let info = model.outputs[position]
      guard let element = NumPyElement(rawValue: info.code) else {
        throw Failure("output \(info.name) has no NumPy type")
      }
      let path = "\(stem).\(position).npy"
      try unsafe session.withOutput(position) { (values) throws(BoardError) in
        try unsafe NumPyFile.write(values, element: element, dims: info.dims, to: path)
      }
    }
  }

  private static func answer(_ line: String) { Board.print(line + "\n") }
}

private struct Failure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
