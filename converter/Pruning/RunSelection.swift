/// N:M pruning: in each run of consecutive input channels the largest weights stay.
///
/// Runs are formed along the columns of one group at one kernel tap (OHWI order); a last, shorter run
/// stays as it is.
struct RunSelection: Sendable {
  let matrix: WeightMatrix
  /// How many consecutive rows keep the same columns; the last rows may be fewer.
  let rows: Int
  let kept: Int
  let run: Int

  /// Marks what goes. Of equal magnitudes the earlier stays.
  func mark(_ values: [Float], _ criterion: MagnitudeCriterion, in mask: inout [Bool]) {
    var scores = [Double](repeating: 0, count: run)
    for start in matrix.groupStarts {
      for row in stride(from: 0, to: matrix.rows, by: rows) {
        let height = min(rows, matrix.rows - row)
        for column in stride(from: 0, through: matrix.columns - run, by: run) {
          for tap in matrix.tapOffsets {
            let corner =
              start + row * matrix.rowStride + column * matrix.columnStride + tap
            for lane in 0..<run {
              var sum = 0.0
              for line in 0..<height {
                let position = corner + lane * matrix.columnStride + line * matrix.rowStride
                sum += criterion.term(values[position])
              }
              scores[lane] = sum
            }
            for lane in 0..<run where place(of: lane, scores) >= kept {
              for line in 0..<height {
                mask[corner + lane * matrix.columnStride + line * matrix.rowStride] = true
              }
            }
          }
        }
      }
    }
  }

  /// How many columns of the run come before one.
  private func place(of lane: Int, _ scores: [Double]) -> Int {
    var place = 0
    for other in 0..<run
    where scores[other] > scores[lane] || (scores[other] == scores[lane] && other < lane) {
      place += 1
    }
    return place
  }
}
