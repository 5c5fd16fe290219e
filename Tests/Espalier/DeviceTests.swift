import EspalierGraph
import EspalierHost
import Foundation
import Testing

@testable import Espalier

/// Models that are made for a device.
@Suite struct DeviceTests {
  private let options = MeasuringOptions(threads: 1)

  private func inFolder(_ body: (String) throws -> Void) throws {
    let folder = NSTemporaryDirectory() + "espalier-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  /// One pruned layer and one dense one.
  private func network(zeros: Int = 2) throws -> Specialised {
    var graph = Graph()
    graph.opset = 17
    let x = graph.addInput("x", TensorType(.float32, [1, 32, 8, 8]))
    var values = (0..<32 * 32).map { Float($0 % 7 + 1) }
    for index in values.indices where index / 32 / 8 % 4 < zeros { values[index] = 0 }
    let first = graph.addConstant("w", Tensor(values, shape: [32, 32, 1, 1]))
    let second = graph.addConstant("v", Tensor(values.map { $0 + 1 }, shape: [32, 32, 1, 1]))
    let y = graph.addNode("Conv", [x, first], name: "pruned")
    graph.outputs = [graph.addNode("Conv", [y, second], name: "full")]
    return try Specialised(graph)
  }

  @Test func anUnknownDeviceNamesThoseThereAre() throws {
    #expect(try Device(named: "host") == .host)
    for name in ["", "Host", "raspberry", "\u{1B}[2J"] {
      let error = #expect(throws: EspalierError.self) { try Device(named: name) }
      #expect(error?.exitCode == 69)
      #expect(error?.description.hasSuffix("there is: host") == true)
      #expect(error?.description.contains("\u{1B}") == false)
    }
  }

  /// The real thing, end to end: the file says what was timed, and computes what it should.
  @Test func aModelTimedHereRunsHere() throws {
    try inFolder { folder throws in
      let graph = try network()
      let timer = try HostTimer(options, cacheFolder: folder)
      let conversion = try Conversion(
        graph, file: "test", keepsDense: false, timer: timer, progress: nil)
      let layer = conversion.layers[0]
      let (chosen, dense) = try (
        #require(layer.chosenNanoseconds), #require(layer.denseNanoseconds)
      )
      #expect(chosen > 0 && chosen <= dense)
      #expect((layer.encoding == "dense") == (chosen == dense))
      let inputs = graph.randomInputs(seed: 1)
      let expected = try interpret(graph, inputs: inputs, file: "test")
      let model = try loadModel(bytes: conversion.bytes(), name: "test")
      let result = try model.run(inputs)
      for (a, b) in zip(result[0].tensor.floats, expected[0].tensor.floats) {
        #expect(abs(a - b) <= 1e-3 * max(1, abs(b)))
      }
    }
  }
}
