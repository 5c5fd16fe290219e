// Espalier's main job in its own words: prune the digits network in three patterns, pack each result,
// check it against the graph it came from, and show what it costs and what it saves.
//
//   DigitsDemo [EXAMPLE FOLDER [OUTPUT FOLDER]]
import Espalier
import Foundation

@main
struct DigitsDemo {
  static func main() {
    let words = CommandLine.arguments.dropFirst()
    let folder = words.first ?? "Examples/digits"
    let output = words.dropFirst().first ?? ".build/demo"
    do {
      try FileManager.default.createDirectory(
        atPath: output, withIntermediateDirectories: true)
      let digits = try Digits(folder: folder)
      var variants = [try Variant(dense: digits, output: output)]
      for (pattern, sparsity) in [("vnm:8:2:4", 0.5), ("nm:2:4", 0.5), ("block:16x8", 0.7)] {
        variants.append(
          try Variant(digits, pattern: pattern, sparsity: sparsity, output: output))
      }
      try time(&variants)
      print(table(of: variants))
      if let pruned = variants.last, !pruned.leftDense.isEmpty {
        print("\nLeft dense by pruning: \(pruned.leftDense.joined(separator: "; ")).")
      }
      if let wrong = variants.first(where: { !$0.verification.pass }) {
        fail("\(wrong.name) does not agree with its graph", code: 1)
      }
    } catch let error as EspalierError {
      fail(error.description, code: error.exitCode)
    } catch {
      fail("\(error)", code: 70)
    }
  }

  /// Times the variants in turns, so that a machine that slows down slows all of them.
  private static func time(_ variants: inout [Variant]) throws(EspalierError) {
    for _ in 0..<5 {
      for index in variants.indices {
        let report = try BenchReport(measuring: variants[index].path, seconds: 0.3)
        variants[index].medians.append(report.samples.median ?? 0)
      }
    }
  }

  private static func fail(_ message: String, code: Int32) -> Never {
    FileHandle.standardError.write(Data("DigitsDemo: \(message)\n".utf8))
    exit(code)
  }
}

/// The trained network, and the held-out images that it never saw in training.
struct Digits {
  let path: String
  let graph: Graph
  /// float32 [count, 1, 8, 8]
  let images: Tensor
  let labels: [Int64]

  init(folder: String) throws(EspalierError) {
    path = "\(folder)/digits.onnx"
    graph = try Graph(contentsOf: path)
    images = try Tensor(contentsOf: "\(folder)/images.npy")
    labels = try Tensor(contentsOf: "\(folder)/labels.npy").integers
  }

  /// One image, in the shape that the network takes.
  func image(_ index: Int) -> Tensor {
    let size = images.count / labels.count
    let pixels = images.floats[index * size..<(index + 1) * size]
    return Tensor(Array(pixels), shape: [1] + images.shape.dropFirst())
  }

  /// The share of images that a packed model reads rightly.
  func accuracy(of model: String) throws -> Double {
    var session = try Session(Model(contentsOf: model))
    var scores = [Float](repeating: 0, count: 10)
    var right = 0
    for (index, label) in labels.enumerated() {
      try session.run(image(index).floats, into: &scores)
      if scores.indices.max(by: { scores[$0] < scores[$1] })! == Int(label) { right += 1 }
    }
    return Double(right) / Double(labels.count)
  }
}
