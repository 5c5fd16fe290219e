import EspalierGraph
import EspalierPruning
import Foundation
import Testing

@testable import Espalier

/// What a command refuses to write over, and that several files appear together.
@Suite struct OutputFilesTests {
  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "outputs-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try body(folder.path)
  }

  private func exitCode(
    _ outputs: [OutputFiles.Output], _ sources: [OutputFiles.Source]
  ) -> Int32? {
    do throws(EspalierError) {
      try OutputFiles.check(outputs, sources: sources)
      return nil
    } catch { return error.exitCode }
  }

  @Test func `a file is known by whatever path names it`() throws {
    try inFolder { folder in
      let manager = FileManager.default
      #expect(manager.createFile(atPath: folder + "/model", contents: Data([1])))
      try manager.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "model")
      try manager.linkItem(atPath: folder + "/model", toPath: folder + "/hard")
      try manager.createDirectory(atPath: folder + "/in", withIntermediateDirectories: true)
      try manager.createSymbolicLink(atPath: folder + "/other", withDestinationPath: ".")
      let model: [OutputFiles.Source] = [("the model", folder + "/model")]
      for name in ["model", "./model", "in/../model", "link", "hard", "other/model"] {
        #expect(exitCode([("-o", folder + "/" + name)], model) == 64, "\(name)")
      }
      for name in ["new", "in/model", "other/new"] {
        #expect(exitCode([("-o", folder + "/" + name)], model) == nil, "\(name)")
      }
      #expect(exitCode([("-o", folder + "/no/new")], model) == 73)
      #expect(exitCode([("-o", folder + "/in")], model) == 73)
      #expect(exitCode([("-o", "/dev/null")], model) == 73)
      // Two files that are not there yet, and one that the weights beside a model would replace.
      let one: OutputFiles.Output = ("-o", folder + "/new")
      #expect(exitCode([one, ("--reference", folder + "/other/new")], []) == 64)
      #expect(exitCode([one], [("the data", folder + "/new.data")]) == 64)
    }
  }

  @Test func `all files appear or none`() throws {
    try inFolder { folder in
      var broken = Graph()
      broken.opset = 17
      for _ in 0..<2 { broken.outputs = [broken.addInput("x", TensorType(.float32, [1]))] }
      var good = Graph()
      good.opset = 17
      let x = good.addInput("x", TensorType(.float32, [1]))
      good.outputs = [good.addNode("Relu", [x], name: "relu")]
      #expect(throws: EspalierError.self) {
        try Graph.write([(good, folder + "/a"), (broken, folder + "/b")])
      }
      #expect(throws: EspalierError.self) {
        try Graph.write([(good, folder + "/a"), (good, folder + "/no/b")])
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
      try Graph.write([(good, folder + "/a"), (good, folder + "/b")])
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a", "b"])
    }
  }

  @Test func `the reference of a reference has names of its own`() throws {
    var step = ChannelStep(budget: .channels(share: 0.3))
    step.pruner.alignment = 1
    let recipe = try Recipe([.channels(step)])
    let once = try Self.network.pruned(by: recipe, wantsReference: true).reference!
    let twice = try once.pruned(by: recipe, wantsReference: true).reference!
    #expect(twice.validate().isEmpty)
  }

  private static var network: Graph {
    var graph = Graph()
    graph.opset = 17
    let x = graph.addInput("x", TensorType(.float32, [1, 4]))
    func weight(_ name: String) -> Graph.ValueID {
      graph.addConstant(name, Tensor((0..<64).map { Float($0 * 37 % 29) - 14 }, shape: [8, 8]))
    }
    let v = graph.addConstant("v", Tensor((0..<32).map { Float($0 * 7 % 11) }, shape: [4, 8]))
    let one = graph.addNode("Relu", [graph.addNode("MatMul", [x, v], name: "one")], name: "act")
    let two = graph.addNode("MatMul", [one, weight("w")], name: "two")
    graph.outputs = [graph.addNode("MatMul", [two, weight("u")], name: "three")]
    return graph
  }
}
