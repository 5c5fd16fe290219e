/// Some rows of a layer's matrix over some of its inputs, from which blocks of columns are taken.
///
/// The loss of columns `P` is what least squares on the columns that are left cannot make good:
/// `tr(W_P ([C^-1]_PP)^-1 W_P')`, with a damped covariance `C` (optimal brain surgeon). As columns go,
/// the others take over: `W -= W_P ([C^-1]_PP)^-1 [C^-1]_P.`, and `C^-1` alike. Without a covariance it
/// is the sum of squares.
final class BlockCell {
  /// Some inputs at one kernel tap.
  struct Block {
    /// Numbers among the cell's inputs.
    var inputs: Range<Int>
    var tap: Int
    var loss: Double
    var isLeft = true
  }

  /// The layer's number.
  let layer: Int
  /// Of each row: its number among the layer's outputs, and its channel.
  let outputs: [Int]
  let rowChannels: [Int]
  /// Of each input: its number among all groups' inputs, and its channel.
  let inputs: [Int]
  let inputChannels: [Int]
  let taps: Int
  private(set) var hasRow: [Bool]
  private(set) var hasInput: [Bool]
  private(set) var rowCount: Int
  private(set) var blocks: [Block] = []
  /// Counts changes, so that what was computed before one can be told.
  private(set) var version = 0
  /// `[rows, inputs * taps]`.
  private var weights: Matrix
  /// Of the damped covariance; nothing where magnitudes are all that is known.
  private var inverse: Matrix?

  /// - Parameters:
  ///   - weights: `[rows, inputs * taps]`.
  ///   - inverse: The inverse of the damped covariance of the inputs at all taps.
  ///   - width: Inputs of a block; the last one may have fewer.
  init(
    layer: Int, outputs: [Int], rowChannels: [Int], inputs: [Int], inputChannels: [Int], taps: Int,
    weights: Matrix, inverse: Matrix?, width: Int
  ) {
    (self.layer, self.taps) = (layer, taps)
    (self.outputs, self.rowChannels) = (outputs, rowChannels)
    (self.inputs, self.inputChannels) = (inputs, inputChannels)
    (self.weights, self.inverse) = (weights, inverse)
    hasRow = [Bool](repeating: true, count: outputs.count)
    hasInput = [Bool](repeating: true, count: inputs.count)
    rowCount = outputs.count
    for start in stride(from: 0, to: inputs.count, by: width) {
      let own = start..<min(start + width, inputs.count)
      for tap in 0..<taps {
        var block = Block(inputs: own, tap: tap, loss: 0)
        // What is zero already is gone already.
        block.isLeft = places(block).contains { place in
          (0..<outputs.count).contains { weights[$0, place] != 0 }
        }
        blocks.append(block)
      }
    }
    updateLosses()
  }

  /// The inputs of a block that are left.
  func inputsLeft(_ block: Block) -> [Int] { block.inputs.filter { hasInput[$0] } }

  /// Weights of what is left, one for each row, input and tap.
  var count: Int {
    rowCount * blocks.reduce(0) { $1.isLeft ? $0 + inputsLeft($1).count : $0 }
  }

  /// Weights of a block that are left.
  func count(of block: Block) -> Int { rowCount * inputsLeft(block).count }

  /// The loss of some inputs at all taps where their blocks are left.
  func loss(ofInputs gone: [Int]) -> Double { loss(of: places(ofInputs: gone)) }

  /// Takes a block.
  func take(_ number: Int) {
    blocks[number].isLeft = false
    remove(places(blocks[number]))
    version += 1
    updateLosses()
  }

  /// Takes inputs, at all taps, and blocks of which nothing is left.
  func take(inputs gone: [Int]) {
    remove(places(ofInputs: gone))
    for input in gone { hasInput[input] = false }
    for number in blocks.indices where inputsLeft(blocks[number]).isEmpty {
      blocks[number].isLeft = false
    }
    version += 1
    updateLosses()
  }

  /// Takes rows; no row is left of blocks once none is left of the cell.
  func take(rows gone: [Int]) {
    for row in gone where hasRow[row] {
      hasRow[row] = false
      rowCount -= 1
      for column in 0..<weights.columns { weights[row, column] = 0 }
    }
    if rowCount == 0 { for number in blocks.indices { blocks[number].isLeft = false } }
    version += 1
    updateLosses()
  }

  private func places(_ block: Block) -> [Int] {
    inputsLeft(block).map { $0 * taps + block.tap }
  }

  private func places(ofInputs gone: [Int]) -> [Int] {
    let wanted = Set(gone)
    return blocks.filter(\.isLeft).flatMap { block in
      block.inputs.filter { wanted.contains($0) && hasInput[$0] }.map { $0 * taps + block.tap }
    }.sorted()
  }

  private func updateLosses() {
    for number in blocks.indices where blocks[number].isLeft {
      blocks[number].loss = loss(of: places(blocks[number]))
    }
  }

  /// Above all others, but finite, where rounding has left nothing to compute a loss from.
  private static let most = 1e100

  private func loss(of places: [Int]) -> Double {
    guard !places.isEmpty else { return 0 }
    let own = weights.selecting(columns: places)
    guard let inverse else { return own.values.reduce(0) { $0 + $1 * $1 } }
    // tr(W_P B^-1 W_P') = tr(B^-1 W_P' W_P).
    guard let factor = inverse.selecting(rows: places, columns: places).factored() else {
      return Self.most
    }
    let loss = factor.solving(own.times(own, transposingSelf: true)).diagonal.reduce(0, +)
    return loss.isFinite ? min(max(loss, 0), Self.most) : Self.most
  }

  private func remove(_ places: [Int]) {
    guard !places.isEmpty else { return }
    defer {
      for row in 0..<weights.rows { for place in places { weights[row, place] = 0 } }
    }
    guard var matrix = inverse else { return }
    inverse = nil
    defer { inverse = matrix }
    let rows = matrix.selecting(rows: places, columns: Array(0..<matrix.columns))
    guard let factor = matrix.selecting(rows: places, columns: places).factored() else { return }
    // G = B^-1 H_P: by symmetry its transpose solves rows.
    let gain = factor.solving(rows.transposed)
    weights.add(
      weights.selecting(columns: places), gain, transposingSecond: true, factor: -1)
    matrix.add(rows, gain, transposingFirst: true, transposingSecond: true, factor: -1)
    // What is gone has nothing to do with what is left, whatever rounding says.
    for place in places {
      for other in 0..<matrix.columns {
        matrix[place, other] = 0
        matrix[other, place] = 0
      }
      matrix[place, place] = 1
    }
  }
}
