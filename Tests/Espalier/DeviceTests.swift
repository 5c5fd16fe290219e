import EspalierGraph
import EspalierHost
import EspalierSeeded
import Foundation
import Testing

@testable import Espalier

/// Models that are made for a device.
@Suite struct DeviceTests {
  private let options = MeasuringOptions(threads: 1)

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
    try inTemporaryFolder { folder throws in
      let graph = try halfPrunedNetwork()
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
