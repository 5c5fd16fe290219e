import EspalierGraph
import EspalierSeeded
import Testing

@testable import EspalierPruning

/// Losses of blocks against least squares solved anew, without any update.
@Suite struct BlockCellTests {
  /// The least `tr((W - V) C (W - V)')` over all `V` whose columns at some places are zero: by
  /// elimination, slowly.
  private func leastError(_ weights: Matrix, _ covariance: Matrix, without gone: [Int]) -> Double {
    let rest = (0..<covariance.rows).filter { !gone.contains($0) }
    var total = 0.0
    for row in 0..<weights.rows {
      // What is left of row w once the others make good: w_P S w_P', S the Schur complement.
      let own = gone.map { weights[row, $0] }
      for (i, a) in gone.enumerated() {
        for (j, b) in gone.enumerated() {
          var entry = covariance[a, b]
          if !rest.isEmpty {
            let solved = solve(covariance, rest, rest.map { covariance[$0, b] })
            for (place, column) in rest.enumerated() {
              entry -= covariance[a, column] * solved[place]
            }
          }
          total += own[i] * entry * own[j]
        }
      }
    }
    return total
  }

  /// Gaussian elimination with the largest pivot.
  private func solve(_ matrix: Matrix, _ places: [Int], _ right: [Double]) -> [Double] {
    var rows = places.enumerated().map { number, row in
      places.map { matrix[row, $0] } + [right[number]]
    }
    let count = rows.count
    for step in 0..<count {
      let pivot = (step..<count).max { abs(rows[$0][step]) < abs(rows[$1][step]) }!
      rows.swapAt(step, pivot)
      for other in 0..<count where other != step {
        let factor = rows[other][step] / rows[step][step]
        for column in step...count { rows[other][column] -= factor * rows[step][column] }
      }
    }
    return (0..<count).map { rows[$0][count] / rows[$0][$0] }
  }

  private func problem(_ inputs: Int, _ seed: UInt64) -> (Matrix, Matrix) {
    var random = Seeded(seed: seed)
    let samples = Matrix(
      3 * inputs, inputs, random.tensor([3 * inputs, inputs]).floats.map(Double.init))
    let weights = Matrix(4, inputs, random.tensor([4, inputs]).floats.map(Double.init))
    return (weights, samples.times(samples, transposingSelf: true).shifted(by: 0.05))
  }

  private func cell(
    _ weights: Matrix, _ inverse: Matrix?, taps: Int, width: Int
  ) -> BlockCell {
    let inputs = Array(0..<weights.columns / taps)
    return BlockCell(
      layer: 0, outputs: Array(0..<weights.rows), rowChannels: Array(0..<weights.rows),
      inputs: inputs, inputChannels: inputs, taps: taps, weights: weights, inverse: inverse,
      width: width)
  }

  @Test(arguments: [1, 2, 3] as [UInt64], [1, 2])
  func lossesAreWhatLeastSquaresLeaves(_ seed: UInt64, _ taps: Int) throws {
    let (weights, covariance) = problem(12, seed)
    let cell = cell(
      weights, try #require(covariance.factored()).inverse(), taps: taps, width: 2)
    #expect(cell.blocks.count == 6)
    var gone: [Int] = []
    var lost = 0.0
    // As blocks go, each loss is what it adds to the least error of all that is gone.
    for number in [3, 0, 4] {
      for block in cell.blocks where block.isLeft {
        let places = block.inputs.map { $0 * taps + block.tap }
        let wanted = leastError(weights, covariance, without: (gone + places).sorted()) - lost
        let error = abs(block.loss - wanted)
        #expect(error < 1e-9 * max(wanted, 1))
      }
      let block = cell.blocks[number]
      gone += block.inputs.map { $0 * taps + block.tap }
      cell.take(number)
      lost = leastError(weights, covariance, without: gone.sorted())
    }
    #expect(cell.count == 24)
  }

  @Test func inputsThatGoTogetherLoseTogether() throws {
    let (weights, covariance) = problem(8, 7)
    let cell = cell(weights, try #require(covariance.factored()).inverse(), taps: 2, width: 2)
    cell.take(1)
    // Block 1 is tap 1 of inputs 0 and 1; of input 1 tap 0 alone is left, of input 2 both are.
    let before = leastError(weights, covariance, without: [1, 3])
    let wanted = leastError(weights, covariance, without: [1, 2, 3, 4, 5]) - before
    let error = abs(cell.loss(ofInputs: [1, 2]) - wanted)
    #expect(error < 1e-9 * wanted)
    cell.take(inputs: [1, 2])
    #expect(cell.count == 12)
    #expect(cell.inputsLeft(cell.blocks[0]) == [0])
    cell.take(rows: [0, 3])
    #expect(cell.count == 6)
  }

  @Test func withoutInputsLossesAreSquares() {
    let weights = Matrix(2, 4, [1, 2, 3, 4, 5, 6, 0, 0])
    let cell = cell(weights, nil, taps: 1, width: 2)
    #expect(cell.blocks.map(\.loss) == [66, 25] as [Double])
    cell.take(rows: [0])
    #expect(cell.blocks.map(\.loss) == [61, 0] as [Double])
  }
}
