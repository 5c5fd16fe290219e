import EspalierGraph
import Testing

@Test func `broadcast positions repeat the stretched axis`() {
  #expect(broadcastPositions(from: [2, 1], to: [2, 3]) == [0, 0, 0, 1, 1, 1])
}
