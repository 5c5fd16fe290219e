internal import CEspalierBLAS
internal import Dispatch
internal import Glibc
internal import Synchronization

/// Shares independent pieces of work among threads: all the parallelism that evaluation and pruning
/// have, since OpenBLAS stays at one thread.
///
/// What comes of it does not depend on how many threads there are: callers cut work by its sizes
/// alone, a piece writes what no other one reads or writes, and sums over pieces are taken in order.
package enum Threads {
  /// How many threads the work begun here may take, the caller's included. Within a piece of work it
  /// is that piece's share.
  @TaskLocal package static var count = environment.count

  /// What is wrong with the variable of the environment; `nil` where it is right or not there.
  package static var fault: String? { environment.fault }

  /// `ESPALIER_THREADS`, else one for each core that the process may use.
  private static let environment: (count: Int, fault: String?) = {
    let cores = max(1, Int(espalier_allowed_cores()))
    guard let variable = unsafe getenv("ESPALIER_THREADS") else { return (cores, nil) }
    guard let count = unsafe Int(String(cString: variable)), count > 0 else {
      return (cores, "ESPALIER_THREADS is not a whole number from 1 up")
    }
    return (count, nil)
  }()

  /// Calls the body once with each number below `pieces`, in any order, on several threads.
  ///
  /// Of fewer pieces than threads each has several threads to itself.
  /// - Parameters:
  ///   - most: How many pieces may be worked on at one time, where each takes much memory.
  ///   - progress: Called on the calling thread with the share of pieces done.
  package static func forEach(
    _ pieces: Int, atMost most: Int = .max, progress: ((Double) -> Void)? = nil,
    _ body: @Sendable (Int) -> Void
  ) {
    let count = count
    let workers = min(count, pieces, max(most, 1))
    guard workers > 1 else {
      for piece in 0..<pieces {
        body(piece)
        progress?(Double(piece + 1) / Double(pieces))
      }
      return
    }
    let next = Atomic(0)
    let done = Atomic(0)
    let caller = pthread_self()
    // The calling thread alone calls it.
    nonisolated(unsafe) let progress = progress
    DispatchQueue.concurrentPerform(iterations: workers) { _ in
      let isCaller = pthread_equal(pthread_self(), caller) != 0
      $count.withValue(count / workers) {
        while true {
          let piece = next.add(1, ordering: .relaxed).oldValue
          guard piece < pieces else { return }
          body(piece)
          let finished = done.add(1, ordering: .relaxed).newValue
          if isCaller { unsafe progress?(Double(finished) / Double(pieces)) }
        }
      }
    }
    unsafe progress?(1)
  }

  /// What the body makes of each number below `pieces`, in order.
  package static func map<Result: Sendable>(
    _ pieces: Int, atMost most: Int = .max, progress: ((Double) -> Void)? = nil,
    _ body: @Sendable (Int) -> Result
  ) -> [Result] {
    var results = [Result?](repeating: nil, count: pieces)
    unsafe results.withUnsafeMutableBufferPointer { results in
      // Each piece has a place of its own.
      nonisolated(unsafe) let results = unsafe results
      forEach(pieces, atMost: most, progress: progress) { piece in
        unsafe results[piece] = body(piece)
      }
    }
    return results.map { $0! }
  }
}

/// A matrix product cut into strips of rows or of columns, whichever there are more of.
package struct ProductStrips {
  private let rows: Int
  private let columns: Int
  /// Rows or columns of a strip.
  private let extent: Int

  /// - Parameter inner: Over how many terms each element is summed.
  package init(rows: Int, inner: Int, columns: Int) {
    (self.rows, self.columns) = (rows, columns)
    // What takes about a millisecond, at most 8 strips in all: each reads one of the factors whole.
    let work = Double(rows) * Double(columns) * Double(inner)
    let count = min(8, max(1, Int(work / Double(1 << 26))))
    extent = ((max(rows, columns) + count - 1) / count + 15) / 16 * 16
  }

  /// Calls the body with the rows and columns of each strip, on several threads.
  package func forEach(_ body: @Sendable (_ rows: Range<Int>, _ columns: Range<Int>) -> Void) {
    let longer = max(rows, columns)
    Threads.forEach((longer + extent - 1) / extent) { piece in
      let range = piece * extent..<min((piece + 1) * extent, longer)
      if rows >= columns { body(range, 0..<columns) } else { body(0..<rows, range) }
    }
  }
}
