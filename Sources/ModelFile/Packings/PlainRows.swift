/// values[rows][columns], without lists: what several packings store, each for kernels of its own.
enum PlainRows {
  /// How many bytes of values there must be.
  static func byteCount(
    _ weight: VerifiedModel.Weight, _ structure: WeightStructure
  ) throws(WeightFault) -> UInt64 {
    guard structure.countCount == 0, structure.columnCount == 0, structure.streamCount == 0 else {
      throw WeightFault("lists that the packing has not")
    }
    return try product(try product(weight.rows, weight.columns), UInt64(weight.elementSize))
  }
}

#if !hasFeature(Embedded)
extension PlainRows: MatrixPacker {
  static func list<Element>(
    _ matrix: DenseMatrix<Element>, _ choice: PackingChoice, in weight: inout WeightDescription
  ) -> Int {
    matrix.values.count * MemoryLayout<Element>.stride
  }

  static func write<Element>(
    _ matrix: DenseMatrix<Element>, as weight: WeightDescription,
    into target: UnsafeMutableRawBufferPointer
  ) {
    unsafe matrix.values.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
  }

  static func unpack<Element>(
    _ weight: WeightDescription, _ values: inout PackedValues<Element>,
    into matrix: inout DenseMatrix<Element>
  ) -> Bool {
    for index in matrix.values.indices {
      guard let value = values.next() else { return false }
      matrix.values[index] = value
    }
    return weight.counts.isEmpty && weight.columnLists.isEmpty && weight.stream.isEmpty
  }
}
#endif
