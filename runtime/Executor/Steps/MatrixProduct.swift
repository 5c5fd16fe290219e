internal import CEspalierKernels
internal import EspalierModelFile

extension Binder {
  /// x[...,K], bias?, residual? -> y[...,N], with a packed weight.
  mutating func bindLinear() throws(ExecutorError) {
    try expect(inputs: 1...3, integers: 1, floats: 2, weight: true)
    let x = try input(0)
    let y = try output()
    let weight = unsafe try weight(for: .linear)
    try requireFloat(x, y)
    try require(x.rank > 0 && y.rank == x.rank, .badShape, "ranks differ or are 0")
    let last = x.rank - 1
    try require(x.dims[..<last] == y.dims[..<last], .badShape, "leading extents differ")
    try require(
      unsafe weight.groups == 1 && x.dims[last] == Int(weight.columns)
        && y.dims[last] == Int(weight.rows), .badWeight, "the weight has another shape")
    let epilogue = unsafe try epilogue(activation: 0, floats: 0, rows: y.dims[last], output: y)
    guard y.count > 0 else { return }
    let arguments = unsafe try esp_linear(
      tokens: narrow(x.product(0..<last)), in_features: narrow(x.dims[last]),
      out_features: narrow(y.dims[last]), weight: weight, epilogue: epilogue, x: x.floats,
      y: y.writableFloats)
    unsafe try add(prepared: arguments, esp_linear_requirements, esp_linear_prepare)
  }

  /// a, b -> y: products of the last two axes, the axes before them stretched as in NumPy.
  mutating func bindMatrixProduct() throws(ExecutorError) {
    try expect(inputs: 2...2, integers: 3, floats: 3)
    let a = try input(0)
    let b = try input(1)
    let y = try output()
    try requireFloat(a, b, y)
    try require(a.rank >= 2 && b.rank >= 2, .badShape, "a matrix has two axes")
    let transposeA = try flag(0)
    let transposeB = try flag(1)
    let (rowsA, columnsA) = matrix(a, transposed: transposeA != 0)
    let (rowsB, columnsB) = matrix(b, transposed: transposeB != 0)
    try require(columnsA == rowsB && columnsA > 0, .badShape, "inner extents differ or are 0")
    let batchA = Array(a.dims.dropLast(2))
    let batchB = Array(b.dims.dropLast(2))
    guard let batch = stretched([batchA, batchB]) else {
      throw error(.badShape, "batch axes do not stretch over one another")
    }
    try require(y.dims == batch + [rowsA, columnsB], .badShape, "the output has another shape")
    let activation = try activation(2)
    guard y.count > 0 else { return }
    let count = batch.reduce(1, *)
    let offsetsA = unsafe try offsets(batchA, over: batch, count: count, matrix: rowsA * columnsA)
    let offsetsB = unsafe try offsets(batchB, over: batch, count: count, matrix: rowsB * columnsB)
    let arguments = unsafe try esp_matrix_product(
      batch: narrow(count), m: narrow(rowsA), n: narrow(columnsB), k: narrow(columnsA),
      transpose_a: transposeA, transpose_b: transposeB, a_offsets: offsetsA, b_offsets: offsetsB,
      scale: step.floats[0],
      epilogue: esp_epilogue(
        bias: nil, residual: nil, activation: activation, a: step.floats[1], b: step.floats[2]),
      a: a.floats, b: b.floats, c: y.writableFloats)
    unsafe try add(prepared: arguments, esp_matrix_product_requirements, esp_matrix_product_prepare)
  }

  private func matrix(_ operand: Operand, transposed: Bool) -> (rows: Int, columns: Int) {
    let (first, second) = (operand.dims[operand.rank - 2], operand.dims[operand.rank - 1])
    return transposed ? (second, first) : (first, second)
  }

  /// Where each batch's matrix starts, in elements; kept in the session.
  private mutating func offsets(
    _ own: [Int], over batch: [Int], count: Int, matrix: Int
  ) throws(ExecutorError) -> UnsafePointer<Int64>? {
    let bytes = try product([count, MemoryLayout<Int64>.stride])
    guard let place = unsafe places.take(bytes) else { return nil }
    let offsets = unsafe place.bindMemory(to: Int64.self, capacity: count)
    for item in 0..<count {
      var rest = item
      var offset = 0
      var stride = matrix
      for axis in (0..<batch.count).reversed() {
        let coordinate = rest % batch[axis]
        rest /= batch[axis]
        let place = axis - (batch.count - own.count)
        guard place >= 0 else { continue }
        if own[place] != 1 { offset += coordinate * stride }
        stride *= own[place]
      }
      unsafe offsets[item] = Int64(offset)
    }
    return unsafe UnsafePointer(offsets)
  }
}
