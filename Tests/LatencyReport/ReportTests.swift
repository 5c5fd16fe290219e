import EspalierLatencyReport
import Foundation
import Testing

@Suite struct ReportTests {
  static func report(samples: [UInt64], name: String = "conv1") -> BenchReport {
    let environment = BenchReport.Environment(
      cores: 4, governor: nil, kilohertz: 1_800_000, celsius: 41.5, loadAverage: 0.1)
    return BenchReport(
      threads: 2, isa: "neon", peakGigaflops: 3.6, samples: Samples(nanoseconds: samples),
      loadNanoseconds: 5,
      arenaBytes: 6, weightBytes: 7, transformedBytes: 3, fileBytes: 8, isSteady: true,
      before: environment,
      after: environment,
      layers: [
        BenchReport.Layer(
          name: name, operation: "Conv", kernel: "convolution.panels", encoding: "block:16x8",
          density: 0.25, macs: 36, executedMacs: 9, medianNanoseconds: 10, reason: "fits",
          chosenNanoseconds: 11, denseNanoseconds: 12),
        BenchReport.Layer(
          name: "softmax", operation: "Softmax", kernel: "softmax", encoding: nil, density: nil,
          macs: 0, executedMacs: 0, medianNanoseconds: 1, reason: nil),
      ])
  }

  func parsed(_ report: BenchReport) throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: Data(report.json.utf8))
    return try #require(object as? [String: Any])
  }

  @Test func documentHasTheKeysScriptsRelyOn() throws {
    let document = try parsed(Self.report(samples: [3, 1, 2]))
    #expect(document["schema"] as? String == "espalier.bench/1")
    #expect(document["threads"] as? Int == 2)
    #expect(document["isa"] as? String == "neon")
    #expect(document["samples_ns"] as? [Int] == [3, 1, 2])
    #expect(document["median_ns"] as? Int == 2)
    #expect(document["p90_ns"] is NSNull)
    #expect(document["load_ns"] as? Int == 5)
    #expect(document["arena_bytes"] as? Int == 6)
    #expect(document["weight_bytes"] as? Int == 7)
    #expect(document["transformed_bytes"] as? Int == 3)
    #expect(document["file_bytes"] as? Int == 8)
    let layers = try #require(document["layers"] as? [[String: Any]])
    #expect(
      Set(layers[0].keys) == [
        "name", "op", "kernel", "encoding", "density", "macs", "median_ns", "reason",
        "executed_macs", "gflops", "dense_equivalent_gflops", "share_of_peak", "chosen_ns",
        "dense_ns",
      ])
    #expect(document["peak_gflops"] as? Double == 3.6)
    #expect(layers[0]["executed_macs"] as? Int == 9)
    #expect(layers[0]["gflops"] as? Double == 1.8)
    #expect(layers[0]["dense_equivalent_gflops"] as? Double == 7.2)
    #expect(layers[0]["share_of_peak"] as? Double == 0.5)
    #expect(layers[0]["chosen_ns"] as? Int == 11 && layers[0]["dense_ns"] as? Int == 12)
    #expect(layers[1]["gflops"] is NSNull && layers[1]["share_of_peak"] is NSNull)
    #expect(layers[0]["density"] as? Double == 0.25)
    #expect(layers[1]["encoding"] is NSNull)
  }

  @Test func tailIsANumberOnceThereAreEnoughSamples() throws {
    let document = try parsed(Self.report(samples: Array(1...100)))
    #expect(document["p90_ns"] as? Int == 90)
  }

  @Test func namesAreEscapedAndComeBack() throws {
    let name = "a\"b\\c\u{1B}[2J\u{202E}ü\n😀"
    let report = Self.report(samples: [1], name: name)
    let document = try parsed(report)
    let layers = try #require(document["layers"] as? [[String: Any]])
    #expect(layers[0]["name"] as? String == name)
    for scalar in report.json.unicodeScalars {
      #expect(scalar.value >= 0x20 && scalar.value != 0x202E)
    }
  }

  @Test func writerHandlesWhatJSONHasNoFormFor() {
    var writer = JSONWriter()
    writer.array { list in
      list.number(nil, .infinity)
      list.number(nil, .nan)
      list.number(nil, 0.5)
      list.integer(nil, UInt64.max)
      list.boolean(nil, false)
      list.object { _ in }
    }
    #expect(writer.text == "[null,null,0.5,9223372036854775807,false,{}]")
  }

  @Test func tableNamesEveryLayerAndWhyATailIsMissing() {
    let table = Self.report(samples: [1_500_000, 2_500_000]).table
    #expect(table.contains("median 2.000 ms of 2 runs, p90 needs 64 runs, 2 threads, neon"))
    #expect(table.contains("conv1"))
    #expect(table.contains("90.9 %"))
    #expect(table.contains("      1.8   50.0 %  Conv"))
    #expect(table.contains("peak 3.6 GFLOP/s"))
  }
}
