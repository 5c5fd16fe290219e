import EspalierGraph
import Testing

@Test func `broadcast positions repeat the stretched axis`() {
  #expect(broadcastPositions(from: [2, 1], to: [2, 3]) == [0, 0, 0, 1, 1, 1])
}

@Test func `sequences are turned round up to their lengths`() throws {
  let input = Tensor((0..<16).map { Float($0) }, shape: [4, 4])
  let timeFirst = try evaluating(
    .reverseSequence, [input, Tensor(integers: [4, 3, 2, 1])])[0]
  #expect(timeFirst.floats == [12, 9, 6, 3, 8, 5, 2, 7, 4, 1, 10, 11, 0, 13, 14, 15])
  let batchFirst = try evaluating(
    .reverseSequence, [input, Tensor(integers: [1, 2, 3, 4])],
    ["batch_axis": .integer(0), "time_axis": .integer(1)])[0]
  #expect(batchFirst.floats == [0, 1, 2, 3, 5, 4, 6, 7, 10, 9, 8, 11, 15, 14, 13, 12])
  for length: Int64 in [-1, 5, .min, .max] {
    #expect(
      errorCode(.reverseSequence, [input, Tensor(integers: [1, length, 1, 1])]) == .badIndex)
  }
  #expect(errorCode(.reverseSequence, [input, Tensor(integers: [1])]) == .badShape)
  #expect(errorCode(.reverseSequence, [vector([1]), Tensor(integers: [1])]) == .badShape)
  #expect(
    errorCode(
      .reverseSequence, [input, Tensor(integers: [1, 1, 1, 1])], ["time_axis": .integer(1)])
      == .badAttribute)
}
