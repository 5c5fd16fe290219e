import CEspalierBLAS
import Dispatch
import EspalierEvaluation
import EspalierGraph
import EspalierSeeded
import Synchronization
import Testing

/// Results do not depend on how many threads there are, nor on what else runs.
@Suite struct ThreadsTests {
  @Test(arguments: [1, 2, 3, 7]) func `every piece of work is done once`(threads: Int) {
    Threads.$count.withValue(threads) {
      for pieces in [0, 1, 2, 5, 100] {
        var shares: [Double] = []
        let result = Threads.map(pieces, progress: { shares.append($0) }) { piece in
          // Pieces within pieces share what is left.
          (piece, Threads.count, Threads.map(3) { $0 * piece })
        }
        #expect(result.map(\.0) == Array(0..<pieces))
        #expect(result.allSatisfy { $0.1 == threads / max(1, min(threads, pieces)) })
        #expect(result.allSatisfy { $0.2 == [0, $0.0, 2 * $0.0] })
        #expect(shares == shares.sorted() && shares.last == (pieces == 0 ? shares.last : 1))
      }
    }
  }

  @Test func `no more pieces are begun than may be at one time`() {
    let now = Atomic(0)
    let most = Atomic(0)
    Threads.$count.withValue(4) {
      Threads.forEach(50, atMost: 2) { _ in
        // Four threads over two pieces at a time; this shows the limit also where there are few cores.
        #expect(Threads.count == 2)
        let running = now.add(1, ordering: .sequentiallyConsistent).newValue
        most.max(running, ordering: .sequentiallyConsistent)
        now.subtract(1, ordering: .sequentiallyConsistent)
      }
    }
    #expect((1...2).contains(most.load(ordering: .sequentiallyConsistent)))
  }

  /// A network whose products are large enough to be cut, with odd sizes.
  private func network(_ random: inout Seeded) throws -> Specialised {
    var graph = Graph()
    func constant(_ shape: [Int]) -> Graph.ValueID {
      graph.addConstant("c\(graph.values.count)", random.tensor(shape))
    }
    let x = graph.addInput("x", TensorType(.float32, [1, 5, 41, 43]))
    let pads: [String: Attribute] = ["pads": .integers([1, 1, 1, 1])]
    let wide = graph.addNode(
      "Conv", [x, constant([203, 5, 3, 3]), constant([203])], attributes: pads)
    let point = graph.addNode("Conv", [graph.addNode("Relu", [wide]), constant([207, 203, 1, 1])])
    let deep = graph.addNode("Conv", [point, constant([9, 207, 3, 3])], attributes: pads)
    let rows = graph.addNode(
      "Reshape", [point, graph.addConstant("shape", Tensor(integers: [207, 1763]))])
    let product = graph.addNode("MatMul", [rows, constant([1763, 301])])
    graph.outputs = [deep, graph.addNode("Gemm", [product, constant([301, 1201])])]
    return try Specialised(graph)
  }

  private func bits(_ outputs: [String: Tensor]) -> [String: [UInt32]] {
    outputs.mapValues { $0.floats.map(\.bitPattern) }
  }

  @Test func `networks give the same bits on any number of threads, alone and beside others`()
    throws
  {
    var random = Seeded(seed: 31)
    let evaluator = try Evaluator(network(&random))
    let samples = (0..<3).map { _ in ["x": random.tensor([1, 5, 41, 43])] }
    let wanted = try Threads.$count.withValue(1) { try samples.map { bits(try evaluator.run($0)) } }
    let failures = Atomic(0)
    // The first runs alone, the others at the same time.
    for sessions in [1, 3] {
      DispatchQueue.concurrentPerform(iterations: sessions) { session in
        for threads in [1, 2, 3, 5] {
          Threads.$count.withValue(threads) {
            for (sample, wanted) in zip(samples, wanted) {
              guard let found = try? evaluator.run(sample), bits(found) == wanted else {
                failures.add(1, ordering: .relaxed)
                continue
              }
            }
            var values = samples.compactMap { try? evaluator.start($0) }
            for node in evaluator.nodes.indices { try? evaluator.compute(node, all: &values) }
            if values.map({ bits(evaluator.outputs($0)) }) != wanted {
              failures.add(1, ordering: .relaxed)
            }
          }
        }
      }
      #expect(failures.load(ordering: .relaxed) == 0, "\(sessions) sessions")
    }
  }

  // MARK: OpenBLAS

  @Test func `OpenBLAS stays at one thread`() throws {
    var random = Seeded(seed: 32)
    #expect(espalier_blas_threads() == 1)
    let evaluator = try Evaluator(network(&random))
    _ = try evaluator.run(["x": random.tensor([1, 5, 41, 43])])
    #expect(espalier_blas_threads() == 1)
  }

  /// What a routine makes of its operands where they begin at each element of a cache line, beside
  /// other calls.
  private func results<Number: BinaryFloatingPoint & Sendable>(
    _ operands: [[Number]], _ routine: @Sendable ([UnsafeMutablePointer<Number>]) -> Void
  ) -> [[[Number]]] {
    let line = 64 / MemoryLayout<Number>.stride
    return Threads.$count.withValue(3) {
      Threads.map(line) { shift in
        let memory = unsafe operands.map { operand in
          let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: (operand.count + line) * MemoryLayout<Number>.stride, alignment: 64)
          let numbers = unsafe memory.bindMemory(to: Number.self).baseAddress! + shift
          unsafe numbers.initialize(from: operand, count: operand.count)
          return unsafe (memory, numbers)
        }
        unsafe routine(memory.map(\.1))
        defer { for unsafe(memory, _) in unsafe memory { unsafe memory.deallocate() } }
        return unsafe zip(memory, operands).map { memory, operand in
          unsafe Array(UnsafeBufferPointer(start: memory.1, count: operand.count))
        }
      }
    }
  }

  @Test(arguments: [(5, 7, 3), (64, 64, 64), (33, 129, 65), (200, 310, 190), (512, 49, 1152)])
  func `products are the same wherever their operands begin`(
    rows: Int, columns: Int, inner: Int
  ) {
    var random = Seeded(seed: 33)
    let a = random.tensor([rows * inner]).floats
    let b = random.tensor([inner * columns]).floats
    let c = random.tensor([rows * columns]).floats
    for (turnsA, turnsB) in [(false, false), (false, true), (true, false), (true, true)] {
      for beta in [0, 1] as [Float] {
        let singles = unsafe results([a, b, c]) { operands in
          unsafe espalier_sgemm(
            turnsA, turnsB, Int32(rows), Int32(columns), Int32(inner), 1, operands[0],
            Int32(turnsA ? rows : inner), operands[1], Int32(turnsB ? inner : columns), beta,
            operands[2], Int32(columns))
        }
        #expect(singles.allSatisfy { $0 == singles[0] }, "float \(turnsA) \(turnsB) \(beta)")
        let doubles = unsafe results([a.map(Double.init), b.map(Double.init), c.map(Double.init)]) {
          operands in
          unsafe espalier_dgemm(
            turnsA, turnsB, Int32(rows), Int32(columns), Int32(inner), 1, operands[0],
            Int32(turnsA ? rows : inner), operands[1], Int32(turnsB ? inner : columns),
            Double(beta), operands[2], Int32(columns))
        }
        #expect(doubles.allSatisfy { $0 == doubles[0] }, "double \(turnsA) \(turnsB) \(beta)")
      }
    }
    let squares = unsafe results([a, [Float](repeating: 0, count: rows * rows)]) { operands in
      unsafe espalier_ssyrk(
        Int32(rows), Int32(inner), operands[0], Int32(inner), 0, operands[1], Int32(rows))
    }
    #expect(squares.allSatisfy { $0 == squares[0] })
  }

  @Test(arguments: [3, 64, 129, 256]) func `factors are the same wherever a matrix begins`(
    size: Int
  ) {
    var random = Seeded(seed: 34)
    let numbers = random.tensor([size * size]).floats.map(Double.init)
    let rows = random.tensor([37 * size]).floats.map(Double.init)
    let zeros = [Double](repeating: 0, count: size * size)
    let (extent, count) = (Int32(size), Int32(37))
    let all = unsafe results([numbers, zeros, rows, rows, zeros, zeros, rows]) { memory in
      // A symmetric matrix with nothing small, its factor, what is solved by it, and the rest.
      unsafe espalier_dgemm(
        false, true, extent, extent, extent, 1, memory[0], extent, memory[0], extent, 0, memory[1],
        extent)
      for place in 0..<size { unsafe memory[1][place * size + place] += Double(size) }
      unsafe memory[5].update(from: memory[1], count: size * size)
      guard unsafe espalier_dpotrf(extent, memory[1], extent) == 0 else { return }
      unsafe espalier_dpotrs(extent, count, memory[1], extent, memory[2], extent)
      unsafe espalier_dtrsm(extent, count, memory[1], extent, memory[3], count)
      unsafe memory[4].update(from: memory[1], count: size * size)
      _ = unsafe espalier_dpotri(extent, memory[4], extent)
      _ = unsafe espalier_dsyevd(extent, memory[5], extent, memory[6])
    }
    #expect(all[0][2] != rows && all[0][4] != zeros && all[0][6] != rows)
    for number in all[0].indices {
      #expect(all.allSatisfy { $0[number] == all[0][number] }, "operand \(number)")
    }
  }
}
