extension Expansion {
  /// Products by weights of a few bits.
  static let compressedProducts: [String: Expansion] = [
    "com.microsoft.MatMulNBits": .always(fewBits),
    "com.microsoft.DequantizeLinear": .always(renamed),
    "com.microsoft.QuantizeLinear": .always(renamed),
  ]

  /// `a w' + bias`, w being `[n, k]` in blocks of `block_size` along k, each number of `bits` bits with a
  /// scale and a zero point for its block; the weight becomes floating-point numbers.
  private static func fewBits(_ builder: inout ExpansionBuilder) throws(GraphError) {
    try builder.refuseInput(4, "g_idx")
    try builder.refuseFlag("weight_prepacked")
    let context = builder.context
    let bits = try context.integer("bits", default: 4)
    guard [2, 4, 8].contains(bits) else { throw builder.unsupported("\(bits) bits") }
    let weight = PackedBlocks(
      rows: try context.integer("N", default: 0), columns: try context.integer("K", default: 0),
      blockSize: try context.integer("block_size", default: 0), bits: bits)
    let scales = try builder.constant(2, "the scale")
    let numbers = try weight.unpacked(
      try builder.constant(1, "the weight"), scales: scales,
      zeros: builder.input(3) == nil ? nil : try builder.constant(3, "the zero point"))
    let matrix = builder.add(
      constant: Tensor(
        elementType: scales.elementType, shape: [weight.columns, weight.rows], doubles: numbers),
      "weight")
    let product = builder.add("MatMul", [try builder.operand(0), matrix], isNamesake: true)
    builder.give(builder.sum(product, builder.input(5)))
  }
}

/// How a matrix of few bits lies in bytes: rows of whole blocks, the first number in the lowest bits.
private struct PackedBlocks {
  let rows: Int
  let columns: Int
  let blockSize: Int
  let bits: Int

  /// The numbers of the matrix turned, `[columns, rows]`.
  /// - Throws: `GraphError` with code `.badShape` or `.badType` where bytes, scales or zeros do not suit.
  func unpacked(
    _ packed: Tensor, scales: Tensor, zeros: Tensor?
  ) throws(GraphError) -> [Double] {
    guard rows > 0, columns > 0, blockSize >= 8, blockSize % 8 == 0, blockSize <= 1 << 16,
      rows <= TensorType.maximumCount / columns
    else {
      throw GraphError(
        .badAttribute,
        "\(rows) rows of \(columns) numbers in blocks of \(blockSize) are not possible")
    }
    let blocks = (columns - 1) / blockSize + 1
    let blockBytes = blockSize * bits / 8
    let zeroBytes = (blocks * bits + 7) / 8
    guard packed.elementType == .uint8, packed.count == rows * blocks * blockBytes,
      scales.count == rows * blocks, scales.elementType.isFloatingPoint
    else {
      throw GraphError(
        .badShape,
        "a weight of \(packed.type) and scales of \(scales.type) are not of \(rows) rows of "
          + "\(columns) numbers of \(bits) bits in blocks of \(blockSize)")
    }
    let offsets = try self.offsets(zeros, blocks, zeroBytes)
    let (bytes, factors) = (packed.integers, scales.doubles)
    var result = [Double](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for column in 0..<columns {
        let block = row * blocks + column / blockSize
        let place = column % blockSize * bits
        let number = bits(of: bytes[block * blockBytes + place / 8], place % 8)
        result[column * rows + row] = (number - offsets[block]) * factors[block]
      }
    }
    return result
  }

  /// The zero point of each block; the middle of the range where none are given.
  private func offsets(
    _ zeros: Tensor?, _ blocks: Int, _ rowBytes: Int
  ) throws(GraphError) -> [Double] {
    guard let zeros else {
      return Array(repeating: Double(1 << (bits - 1)), count: rows * blocks)
    }
    if zeros.elementType.isFloatingPoint, zeros.count == rows * blocks { return zeros.doubles }
    guard zeros.elementType == .uint8, zeros.count == rows * rowBytes else {
      throw GraphError(
        .badShape, "zero points of \(zeros.type) are not those of \(rows) rows of \(blocks) blocks")
    }
    let bytes = zeros.integers
    return (0..<rows * blocks).map { index in
      let place = index % blocks * bits
      return bits(of: bytes[index / blocks * rowBytes + place / 8], place % 8)
    }
  }

  private func bits(of byte: Int64, _ place: Int) -> Double {
    Double(byte >> Int64(place) & (1 << Int64(bits) - 1))
  }
}
