package import EspalierGraph

/// What every place of a sliding window sees, as the columns of a matrix: `[channels * taps, places]`.
///
/// Elements that lie in the padding are 0. The row of channel `c` and tap `k` is `c * taps + k`, as
/// the weight of a convolution has them.
package struct WindowColumns: Sendable {
  /// One run of places that read through a tap.
  private struct Run {
    var place: Int
    var source: Int
    var count: Int
  }

  /// For each tap, its runs in the order of places.
  private let taps: [[Run]]
  /// Steps from one place of a run to the next among places, and among sources.
  private let placeStride: Int
  private let sourceStride: Int
  /// Elements of one channel that is read, and number of places.
  package let sourceCount: Int
  package let placeCount: Int
  package var tapCount: Int { taps.count }

  /// What the outputs of a convolution see of its input.
  package init(convolution placed: PlacedWindow) {
    taps = placed.tapRuns.map { runs in
      runs.map { Run(place: $0.output, source: $0.input, count: $0.count) }
    }
    (placeStride, sourceStride) = (1, placed.strides.last!)
    (sourceCount, placeCount) = (placed.input.reduce(1, *), placed.output.reduce(1, *))
  }

  /// What the outputs of a transposed convolution see of its input.
  package init(transposedConvolution placed: PlacedWindow) {
    taps = placed.tapRuns.map { runs in
      runs.map { Run(place: $0.input, source: $0.output, count: $0.count) }
    }
    (placeStride, sourceStride) = (placed.strides.last!, 1)
    (sourceCount, placeCount) = (placed.output.reduce(1, *), placed.input.reduce(1, *))
  }

  /// Whether a single tap sees every source in order, so that the planes are the columns.
  package var isIdentity: Bool {
    taps.count == 1 && placeCount == sourceCount && placeStride == 1 && sourceStride == 1
      && taps[0].allSatisfy { $0.place == $0.source }
      && taps[0].reduce(0) { $0 + $1.count } == placeCount
  }

  /// Writes the columns of some places, every `spacing`-th of a range.
  /// - Parameters:
  ///   - source: `channels` planes of `sourceCount` elements.
  ///   - rows: `channels * tapCount` rows, `stride` elements from one to the next.
  package func fill(
    _ rows: UnsafeMutablePointer<Float>, stride: Int, from source: UnsafePointer<Float>,
    channels: Int, places: Range<Int>, every spacing: Int = 1
  ) {
    let width = (places.count + spacing - 1) / spacing
    for channel in 0..<channels {
      let plane = unsafe source + channel * sourceCount
      for (tap, runs) in taps.enumerated() {
        let row = unsafe rows + (channel * taps.count + tap) * stride
        unsafe row.update(repeating: 0, count: width)
        for run in runs {
          unsafe fill(row, plane, run, places, every: spacing)
        }
      }
    }
  }

  @inline(__always)
  private func fill(
    _ row: UnsafeMutablePointer<Float>, _ plane: UnsafePointer<Float>, _ run: Run,
    _ places: Range<Int>, every spacing: Int
  ) {
    let before = places.lowerBound - run.place
    var i = before <= 0 ? 0 : (before + placeStride - 1) / placeStride
    let after = places.upperBound - run.place
    let end = after <= 0 ? 0 : min(run.count, (after - 1) / placeStride + 1)
    guard i < end else { return }
    if spacing == 1 {
      let (to, from) = unsafe (row + run.place - places.lowerBound, plane + run.source)
      if placeStride == 1, sourceStride == 1 {
        unsafe (to + i).update(from: from + i, count: end - i)
      } else {
        while i < end {
          unsafe to[i * placeStride] = from[i * sourceStride]
          i += 1
        }
      }
      return
    }
    while i < end {
      let place = run.place + i * placeStride - places.lowerBound
      if place % spacing == 0 { unsafe row[place / spacing] = plane[run.source + i * sourceStride] }
      i += 1
    }
  }

  /// Adds a weighted sum of what each place sees of one channel: a convolution of one channel.
  func accumulate(
    _ weights: UnsafePointer<Float>, _ plane: UnsafePointer<Float>,
    into places: UnsafeMutablePointer<Float>
  ) {
    for (tap, runs) in taps.enumerated() {
      let weight = unsafe weights[tap]
      for run in runs {
        let (from, to) = unsafe (plane + run.source, places + run.place)
        if placeStride == 1, sourceStride == 1 {
          for i in 0..<run.count { unsafe to[i] += weight * from[i] }
        } else {
          for i in 0..<run.count { unsafe to[i * placeStride] += weight * from[i * sourceStride] }
        }
      }
    }
  }
}
