import EspalierSeeded
import Testing

@testable import EspalierPruning

@Suite struct LeastSquaresTests {
  @Test func `the residual is orthogonal to the inputs, but for the damping`() {
    var random = Seeded(seed: 31)
    let (covariance, cross) = (random.covariance(7, rank: 12), random.matrix(3, 7))
    let given = random.matrix(3, 7)
    let solved = LeastSquares(covariance: covariance, crossCovariance: cross, damping: 0.1)
      .solved(towards: given)
    let shift = 0.1 * covariance.meanDiagonal
    let product = solved.times(covariance)
    for place in product.values.indices {
      let pull = shift * (solved.values[place] - given.values[place])
      #expect(abs(product.values[place] + pull - cross.values[place]) < 1e-12)
    }
  }

  @Test func `inputs that never vary keep their weights`() {
    var random = Seeded(seed: 32)
    var covariance = random.covariance(5, rank: 9)
    for place in 0..<5 { (covariance[2, place], covariance[place, 2]) = (0, 0) }
    var cross = random.matrix(2, 5)
    for row in 0..<2 { cross[row, 2] = 0 }
    let given = random.matrix(2, 5)
    let solved = LeastSquares(covariance: covariance, crossCovariance: cross, damping: 0.01)
      .solved(towards: given)
    for row in 0..<2 { #expect(abs(solved[row, 2] - given[row, 2]) < 1e-12) }
    let nothing = LeastSquares(
      covariance: Matrix(zeros: 5, 5), crossCovariance: Matrix(zeros: 2, 5), damping: 0.01)
    #expect(nothing.solved(towards: given) == given)
  }

  @Test func `rows of any mask solve their own inputs alone`() {
    var random = Seeded(seed: 33)
    let (covariance, cross) = (random.covariance(8, rank: 20), random.matrix(6, 8))
    let given = random.matrix(6, 8)
    var mask = [Bool](repeating: false, count: 48)
    for row in 0..<6 {
      for column in 0..<8 { mask[row * 8 + column] = (column + row / 2) % 3 == 0 }
    }
    for column in 0..<8 { mask[5 * 8 + column] = true }
    let problem = LeastSquares(covariance: covariance, crossCovariance: cross, damping: 0.05)
    let solved = problem.solved(towards: given, mask: mask)
    let shift = 0.05 * covariance.meanDiagonal
    let product = solved.times(covariance)
    for row in 0..<6 {
      for column in 0..<8 {
        if mask[row * 8 + column] {
          #expect(solved[row, column] == 0)
        } else {
          let pull = shift * (solved[row, column] - given[row, column])
          #expect(abs(product[row, column] + pull - cross[row, column]) < 1e-12)
        }
      }
    }
    #expect(
      problem.solved(towards: given, mask: [Bool](repeating: false, count: 48))
        == problem.solved(towards: given))
  }

  @Test func `eigenvectors diagonalise`() {
    var random = Seeded(seed: 34)
    let matrix = random.covariance(6, rank: 10)
    let (values, vectors) = matrix.eigen()
    #expect(values == values.sorted())
    let diagonal = vectors.times(matrix).times(vectors, transposingOther: true)
    for row in 0..<6 {
      for column in 0..<6 {
        let wanted = row == column ? values[row] : 0
        #expect(abs(diagonal[row, column] - wanted) < 1e-12)
      }
    }
  }

  @Test func `moments of many columns, in chunks`() throws {
    var random = Seeded(seed: 35)
    let (size, targets, count) = (3, 2, 2500)
    let moments = ColumnMoments(size: size, targetSize: targets)
    var columns = Matrix(zeros: size + targets, count)
    var added = 0
    while added < count {
      let step = min(random.next(in: 1...400), count - added, moments.room)
      unsafe moments.add(step) { x, t in
        for place in 0..<step {
          for row in 0..<size + targets {
            let value = random.float() + Float(row)
            columns[row, added + place] = Double(value)
            if row < size {
              unsafe x[row * moments.capacity + place] = value
            } else {
              unsafe t![(row - size) * moments.capacity + place] = value
            }
          }
        }
      }
      added += step
    }
    let products = columns.times(columns, transposingOther: true, factor: 1 / Double(count))
    let result = try moments.result("layer")
    #expect(moments.count == count)
    for row in 0..<size {
      let mean = (0..<count).reduce(0) { $0 + columns[row, $1] } / Double(count)
      #expect(abs(result.mean[row] - mean) < 1e-9)
      for column in 0..<size {
        #expect(abs(result.second[row, column] - products[row, column]) < 1e-5)
      }
      for target in 0..<targets {
        #expect(abs(result.cross[target, row] - products[size + target, row]) < 1e-5)
      }
    }
    #expect(abs(result.covariance[0, 0] - 1.0 / 3) < 0.02)
    #expect(abs(result.crossCovariance[0, 1]) < 0.02)
  }
}
