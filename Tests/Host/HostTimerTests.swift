import EspalierGraph
import EspalierLowering
import EspalierModelFile
import EspalierSeeded
import Foundation
import Testing

@testable import EspalierHost

/// Times of layers on this machine, and their cache.
@Suite struct HostTimerTests {
  private let options = MeasuringOptions(threads: 1)
  private let identity = MachineIdentity(processorFacts: "model name : test", program: Data([1]))

  /// Converts with given times and tells how often they were asked for.
  private func asked(
    _ folder: String, _ identity: MachineIdentity? = nil, _ options: MeasuringOptions? = nil,
    zeros: Int = 2
  ) throws -> Int {
    var count = 0
    let timer = HostTimer(
      options: options ?? self.options, cacheFolder: folder, identity: identity ?? self.identity
    ) { layer in
      count += 1
      return [1000] + [UInt64?](repeating: 300, count: layer.candidateCount - 1)
    }
    let lowered = try lower(
      halfPrunedNetwork(zeros: zeros), options: LoweringOptions(allowsSparse: true, timer: timer))
    #expect(lowered.layers[0].times?.chosen == 300)
    #expect(lowered.layers[0].times?.dense == 1000)
    #expect(lowered.layers[1].times == nil)
    #expect(lowered.description.device.contains("test"))
    try timer.saveCache()
    return count
  }

  private func files(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
  }

  @Test func whatWasTimedIsNotTimedAgain() throws {
    try inTemporaryFolder { folder throws in
      #expect(try asked(folder) == 1)
      #expect(try asked(folder) == 0)
      // Another layer, another number of threads, another processor, other kernels, or on demand.
      #expect(try asked(folder, zeros: 3) == 1)
      #expect(try asked(folder, nil, MeasuringOptions(threads: 2)) == 1)
      let processor = MachineIdentity(processorFacts: "model name : test 2", program: Data([1]))
      #expect(try asked(folder, processor) == 1)
      let kernels = MachineIdentity(processorFacts: "model name : test", program: Data([2]))
      #expect(try asked(folder, kernels) == 1)
      #expect(try asked(folder, nil, MeasuringOptions(threads: 1, ignoresCache: true)) == 1)
      #expect(try asked(folder) == 0)
      #expect(try files(folder).count == 3)
    }
  }

  /// Whatever byte is damaged, the line does not count, and its layer is timed again.
  @Test func damagedLinesAreNotBelieved() throws {
    try inTemporaryFolder { folder throws in
      #expect(try asked(folder) == 1)
      let path = try folder + "/" + #require(files(folder).first)
      let good = try Data(contentsOf: URL(fileURLWithPath: path))
      for place in good.indices {
        var bad = good
        bad[place] ^= 1
        try bad.write(to: URL(fileURLWithPath: path))
        #expect(try asked(folder) == 1, "byte \(place)")
      }
      for length in stride(from: 0, to: good.count - 1, by: 7) {
        try good.prefix(length).write(to: URL(fileURLWithPath: path))
        #expect(try asked(folder) == 1, "\(length) bytes")
      }
      try (good + Data("no line\n\t\t\t\n".utf8) + Data([0xFF, 0xFE])).write(
        to: URL(fileURLWithPath: path))
      #expect(try asked(folder) == 0)
    }
  }

  /// Conversions at once: the file is whole, and nobody's times are lost.
  @Test func writersDoNotHarmEachOther() throws {
    try inTemporaryFolder { folder throws in
      DispatchQueue.concurrentPerform(iterations: 8) { number in
        var cache = MeasurementCache(folder: folder, identity: 1)
        for round in 0..<20 {
          cache.store([UInt64(number + 1), nil], of: "layer \(number) \(round)")
          do { try cache.save() } catch { Issue.record(error) }
        }
      }
      #expect(try files(folder).count == 1)
      let cache = MeasurementCache(folder: folder, identity: 1)
      let known = (0..<8).filter { number in
        (0..<20).allSatisfy {
          cache.times(of: "layer \(number) \($0)", count: 2) == [UInt64(number + 1), nil]
        }
      }
      #expect(known == Array(0..<8))
    }
  }

  @Test func timesOfAnotherNumberOfCandidatesAreNotTimes() throws {
    try inTemporaryFolder { folder throws in
      var cache = MeasurementCache(folder: folder, identity: 1)
      cache.store([1, 2], of: "layer")
      try cache.save()
      cache = MeasurementCache(folder: folder, identity: 1)
      #expect(cache.times(of: "layer", count: 2) == [1, 2])
      #expect(cache.times(of: "layer", count: 3) == nil)
      #expect(cache.times(of: "other", count: 2) == nil)
    }
  }

  @Test func filesOfOldBuildsGo() throws {
    try inTemporaryFolder { folder throws in
      for build in 0..<12 as Range<UInt64> {
        var cache = MeasurementCache(folder: folder, identity: build)
        cache.store([1], of: "layer")
        try cache.save()
      }
      #expect(try files(folder).count == 8)
      var cache = MeasurementCache(folder: folder, identity: 11)
      #expect(cache.times(of: "layer", count: 1) == [1])
      cache = MeasurementCache(folder: folder, identity: 0)
      #expect(cache.times(of: "layer", count: 1) == nil)
    }
  }

  /// A cache that cannot be written costs the times, not the conversion.
  @Test func aCacheThatCannotBeWrittenIsAnError() throws {
    try inTemporaryFolder { folder throws in
      try Data().write(to: URL(fileURLWithPath: folder))
      var cache = MeasurementCache(folder: folder + "/below", identity: 1)
      try cache.save()
      cache.store([1], of: "layer")
      let error = #expect(throws: HostError.self) { try cache.save() }
      #expect(error?.exitCode == 73)
    }
  }

  @Test func moreThreadsThanCoresAreRefused() {
    let error = #expect(throws: HostError.self) { try LayerStopwatch(threads: 100_000) }
    #expect(error?.exitCode == 69)
  }

  /// Only what tells processors apart counts, not what changes while they run.
  @Test func identityIsTheProcessorsAndTheProgrammes() {
    func hash(_ facts: String, _ program: [UInt8] = [1]) -> UInt64 {
      MachineIdentity(processorFacts: facts, program: Data(program)).hash
    }
    let one = "processor : 0\nmodel name : A\ncpu MHz : 2000\n"
    let same = "processor : 0\nmodel name : A\ncpu MHz : 3000\n\nprocessor : 1\nmodel name : A\n"
    #expect(hash(one) == hash(same))
    #expect(hash(one) != hash(one, [2]))
    #expect(hash(one) != hash("model name : B\n"))
    #expect(hash("CPU part : 0xd08\n") != hash("CPU part : 0xd08\nCPU part : 0xd0b\n"))
    #expect(!MachineIdentity.current().processor.isEmpty)
  }
}
