import EspalierEvaluation
import EspalierGraph

extension LinearLayer {
  /// Of each map, every `step`-th place is read: neighbours on large maps say the same.
  private var step: Int { isWindow && planeSize >= 256 ? 3 : 1 }

  /// Writes targets at every `step`-th of some places of an image, `[targets, places]`.
  typealias Targets = (
    _ to: UnsafeMutablePointer<Float>, _ stride: Int, _ batch: Int, Range<Int>, _ step: Int
  ) -> Void

  /// Adds to moments what one group reads in one run, and the targets beside it.
  /// - Parameters:
  ///   - run: Runs begin at different places, so that together they see them all.
  func add(
    _ input: [Float], group: Int, run: Int, to moments: ColumnMoments, targets: Targets? = nil
  ) {
    let stride = moments.capacity
    for batch in 0..<batches {
      var start = run % step
      while start < planeSize {
        let count = min((planeSize - start + step - 1) / step, moments.room)
        let places = start..<min(start + count * step, planeSize)
        unsafe moments.add(count) { columns, rows in
          unsafe fillColumns(
            columns, stride: stride, from: input, group: group, batch: batch, places: places,
            every: step)
          if let rows = unsafe rows, let targets = unsafe targets {
            unsafe targets(rows, stride, batch, places, step)
          }
        }
        start += count * step
      }
    }
  }
}
