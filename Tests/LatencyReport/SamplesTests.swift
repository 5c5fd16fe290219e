import EspalierLatencyReport
import Testing

@Suite struct SamplesTests {
  @Test func medianOfNoneOneAndMany() {
    #expect(Samples(nanoseconds: []).median == nil)
    #expect(Samples(nanoseconds: [7]).median == 7)
    #expect(Samples(nanoseconds: [9, 1, 5]).median == 5)
    #expect(Samples(nanoseconds: [10, 1, 20, 2]).median == 6)
    #expect(Samples(nanoseconds: [.max, .max]).median == .max)
  }

  @Test(arguments: [Samples.Tail.p90, .p95, .p99, .p999])
  func tailsNeedEnoughSamples(_ tail: Samples.Tail) {
    let few = Samples(nanoseconds: [UInt64](repeating: 1, count: tail.samplesNeeded - 1))
    #expect(few.percentile(tail) == nil)
    let enough = Samples(nanoseconds: [UInt64](repeating: 1, count: tail.samplesNeeded))
    #expect(enough.percentile(tail) == 1)
  }

  @Test func percentileIsTheSampleAtItsRank() {
    let samples = Samples(nanoseconds: (1...1000).reversed())
    #expect(samples.percentile(.p90) == 900)
    #expect(samples.percentile(.p99) == 990)
    #expect(Samples(nanoseconds: Array(1...65)).percentile(.p90) == 59)
  }

  @Test func samplesKeepTheirOrder() {
    #expect(Samples(nanoseconds: [3, 1, 2]).nanoseconds == [3, 1, 2])
  }
}
