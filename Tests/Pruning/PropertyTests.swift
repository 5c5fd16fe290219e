import EspalierGraph
import EspalierSeeded
import Testing

@testable import EspalierPruning

/// What must hold for any weights.
@Suite struct PropertyTests {
  /// The weight's shape, with how its axes read as groups, rows and columns.
  struct Case: Sendable, CustomTestStringConvertible {
    var operation: String
    var shape: [Int]
    var groups = 1
    var transposed = false
    var testDescription: String { "\(operation) \(shape) in \(groups), transB \(transposed)" }

    func graph(_ random: inout Seeded) -> Graph {
      switch operation {
      case "Conv":
        network(
          operation, input: [1, shape[1] * groups, 5, 5], weight: random.tensor(shape),
          attributes: ["group": .integer(Int64(groups))])
      case "ConvTranspose":
        network(
          operation, input: [1, shape[0], 5, 5], weight: random.tensor(shape),
          attributes: ["group": .integer(Int64(groups))])
      default:
        network(
          operation, input: [1, transposed ? shape[1] : shape[0]], weight: random.tensor(shape),
          attributes: transposed ? ["transB": .integer(1)] : [:])
      }
    }

    /// For each group and tap, the elements as rows of columns: written apart from the module's own.
    func matrices(_ values: [Float]) -> [[[Float]]] {
      let steps = strides(of: shape)
      let taps = shape.dropFirst(2).reduce(1, *)
      let (rows, columns, row, column): (Int, Int, Int, Int) =
        switch operation {
        case "Conv": (shape[0] / groups, shape[1], steps[0], steps[1])
        case "ConvTranspose": (shape[1], shape[0] / groups, steps[1], steps[0])
        default:
          transposed
            ? (shape[0], shape[1], steps[0], steps[1]) : (shape[1], shape[0], steps[1], steps[0])
        }
      let perGroup = values.count / groups
      return (0..<groups).flatMap { group in
        (0..<taps).map { tap in
          (0..<rows).map { r in
            (0..<columns).map { c in values[group * perGroup + r * row + c * column + tap] }
          }
        }
      }
    }
  }

  static let cases = [
    Case(operation: "Conv", shape: [20, 12, 3, 3]),
    Case(operation: "Conv", shape: [24, 8, 1, 3], groups: 2),
    Case(operation: "Conv", shape: [9, 17, 1, 1]),
    Case(operation: "ConvTranspose", shape: [12, 10, 2, 2]),
    Case(operation: "ConvTranspose", shape: [16, 5, 3, 1], groups: 2),
    Case(operation: "Gemm", shape: [19, 33], transposed: true),
    Case(operation: "Gemm", shape: [33, 19]),
    Case(operation: "MatMul", shape: [40, 23]),
  ]

  @Test(arguments: cases, [0.1, 0.5, 0.83])
  func unstructuredSparsityIsExact(item: Case, sparsity: Double) throws {
    var random = Seeded(seed: 1)
    let graph = item.graph(&random)
    let before = graph.weight("weight")
    let after = try prune(graph, "unstructured", sparsity)
    let pruned = after.count { $0 == 0 }
    #expect(pruned == Int((sparsity * Double(before.count)).rounded()))
    // What stays is unchanged, and no smaller than anything that went.
    let kept = zip(before, after).filter { $0.1 != 0 }
    #expect(kept.allSatisfy { $0.0 == $0.1 })
    let largestGone = zip(before, after).filter { $0.1 == 0 }.map { abs($0.0) }.max()!
    #expect(kept.map { abs($0.0) }.min()! >= largestGone)
  }

  @Test(arguments: cases, [(1, 2), (2, 4), (1, 4), (5, 8)])
  func everyRunKeepsExactlyN(item: Case, run: (Int, Int)) throws {
    var random = Seeded(seed: 2)
    let graph = item.graph(&random)
    let after = try prune(graph, "nm:\(run.0):\(run.1)")
    for row in item.matrices(after).joined() {
      for start in stride(from: 0, to: row.count, by: run.1) {
        let part = row[start..<min(start + run.1, row.count)]
        #expect(part.count { $0 != 0 } == (part.count == run.1 ? run.0 : part.count))
      }
    }
  }

  @Test(arguments: cases, [2, 8])
  func vectorRowsAgree(item: Case, height: Int) throws {
    var random = Seeded(seed: 3)
    let graph = item.graph(&random)
    let after = try prune(graph, "vnm:\(height):2:4")
    for matrix in item.matrices(after) {
      for start in stride(from: 0, to: matrix.count, by: height) {
        let rows = matrix[start..<min(start + height, matrix.count)]
        #expect(Set(rows.map(pattern)).count == 1)
      }
      for row in matrix {
        let whole = row.count / 4 * 4
        #expect(row[..<whole].count { $0 != 0 } == whole / 2)
        #expect(!row[whole...].contains(0))
      }
    }
  }

  @Test(arguments: cases, [(16, 8), (4, 4), (8, 1), (1, 1)])
  func blocksAreZeroOrWhole(item: Case, block: (Int, Int)) throws {
    var random = Seeded(seed: 4)
    let graph = item.graph(&random)
    let after = try prune(graph, "block:\(block.0)x\(block.1)", 0.6)
    var gone = 0
    var isAnyKept = false
    for matrix in item.matrices(after) {
      for row in stride(from: 0, to: matrix.count, by: block.0) {
        for column in stride(from: 0, to: matrix[0].count, by: block.1) {
          let values = matrix[row..<min(row + block.0, matrix.count)].flatMap {
            $0[column..<min(column + block.1, $0.count)]
          }
          let zeros = values.count { $0 == 0 }
          #expect(zeros == 0 || zeros == values.count)
          gone += zeros
          isAnyKept = isAnyKept || zeros == 0
        }
      }
    }
    // Within half of the largest block of what was asked for.
    let wanted = 0.6 * Double(after.count)
    #expect(abs(Double(gone) - wanted) <= Double(block.0 * block.1) / 2 + 1)
    #expect(isAnyKept)
  }

  @Test func rankingIsThatOfASort() {
    var random = Seeded(seed: 5)
    for _ in 0..<200 {
      // Few distinct keys, so that ties cross layers; sizes differ.
      let counts = (0..<3).map { _ in random.next(in: 1...40) }
      var layers: [RankedBlocks] = []
      for count in counts {
        let grid = BlockGrid(
          WeightMatrix(
            rows: 1, columns: count * 2, rowStride: 1, columnStride: 1, groupStarts: [0],
            tapOffsets: [0]), rows: 1, columns: 2)
        let magnitudes = (0..<count * 2).map { _ in Float(random.next(in: 0...6)) }
        var blocks = RankedBlocks(grid, magnitudes, .l1)
        if random.next(in: 0...1) == 1 {
          blocks.uniformSize = nil
          blocks.sizes = (0..<count).map { _ in random.next(in: 1...5) }
        }
        layers.append(blocks)
      }
      let total = layers.indices.reduce(0) { sum, layer in
        sum + layers[layer].keys.indices.reduce(0) { $0 + layers[layer].size($1) }
      }
      let target = random.next(in: 0...total)
      let chosen = Ranking.lowest(layers, elements: target)

      let order = layers.indices.flatMap { layer in
        layers[layer].keys.indices.map { (layers[layer].keys[$0], -layer, -$0) }
      }.filter { $0.0 != RankedBlocks.protected }.sorted { $0 < $1 }
      var expected = layers.map { $0.keys.map { _ in false } }
      var sum = 0
      for (_, layer, block) in order {
        let size = layers[-layer].size(-block)
        guard 2 * (target - sum) > size else { break }
        expected[-layer][-block] = true
        sum += size
      }
      #expect(chosen == expected)
    }
  }
}
