import EspalierEvaluation
import EspalierGraph

extension LinearLayer {
  /// Of each map, every `spacing`-th place is read: neighbours on large maps say the same.
  private var spacing: Int { isWindow && planeSize >= 256 ? 3 : 1 }

  /// Writes targets at every `spacing`-th of some places of an image, `[targets, places]`.
  typealias Targets = (
    _ to: UnsafeMutablePointer<Float>, _ stride: Int, _ batch: Int, Range<Int>, _ spacing: Int
  ) -> Void

  /// Adds to moments what one group reads in one run, and the targets beside it.
  /// - Parameters:
  ///   - run: Runs begin at different places, so that together they see them all.
  func add(
    _ input: [Float], group: Int, run: Int, to moments: ColumnMoments, targets: Targets? = nil
  ) {
    let stride = moments.capacity
    for batch in 0..<batches {
      var start = run % spacing
      while start < planeSize {
        let count = min((planeSize - start + spacing - 1) / spacing, moments.room)
        let places = start..<min(start + count * spacing, planeSize)
        unsafe moments.add(count) { columns, rows in
          unsafe fillColumns(
            columns, stride: stride, from: input, group: group, batch: batch, places: places,
            every: spacing)
          if let rows = unsafe rows, let targets = unsafe targets {
            unsafe targets(rows, stride, batch, places, spacing)
          }
        }
        start += count * spacing
      }
    }
  }
}
