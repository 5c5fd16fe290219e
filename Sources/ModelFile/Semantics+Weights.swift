extension VerifiedModel {
  /// Copies the lists of a weight, then validates the copy and the weight's values against it: what
  /// was validated is what a kernel that uses the copy runs on.
  /// - Parameter structure: Memory for the weight's lists.
  /// - Throws: `badWeight` where counts, columns, stream and values do not fit together.
  public func copyStructure(ofWeight index: Int, to structure: WeightStructure)
    throws(ModelFileError)
  {
    let weight = weight(index)
    structure.copy(from: weight)
    do {
      try checkValues(of: weight)
      try validate(weight, structure)
    } catch {
      throw ModelFileError(.badWeight, at: .weight(index), error.cause)
    }
  }

  /// Validates every weight on a copy, also what its encoding promises.
  /// - Throws: `badWeight` with the weight's number.
  public func checkWeights() throws(ModelFileError) {
    let taps = tapsByWeight()
    var scratch: [UInt16] = []
    for index in 0..<weightCount {
      let weight = weight(index)
      let structure = WeightStructure(for: weight)
      defer { structure.deallocate() }
      try copyStructure(ofWeight: index, to: structure)
      let promise = unsafe WeightPromise(
        weight, structure, values: floats(of: weight), taps: taps[index])
      guard promise.isKept(&scratch) else {
        throw ModelFileError(
          .badWeight, at: .weight(index), "the weight does not keep its encoding's promise")
      }
    }
  }

  /// Kernel taps of each weight, by the first step that uses it.
  private func tapsByWeight() -> [Int] {
    var taps = [Int](repeating: 0, count: weightCount)
    for index in 0..<stepCount {
      let step = step(index)
      guard let weight = step.weight, taps[weight] == 0 else { continue }
      let isConvolution = step.kind == .convolution && step.integers.count >= 2
      let (product, overflow) =
        isConvolution
        ? step.integers[0].multipliedReportingOverflow(by: step.integers[1]) : (1, false)
      taps[weight] = overflow ? 1 : Int(exactly: product) ?? 1
    }
    return taps.map { Swift.max($0, 1) }
  }

  private func checkValues(of weight: Weight) throws(WeightFault) {
    guard weight.valuesOffset % 64 == 0,
      weight.valuesOffset <= valuesLength, weight.valuesLength <= valuesLength - weight.valuesOffset
    else { throw WeightFault("the values do not lie within their segment, or are not aligned") }
    guard let packing = weight.packing, weight.encoding != nil else {
      throw WeightFault("the packing or encoding is not known")
    }
    guard features & packing.featureBit != 0 else {
      throw WeightFault("the packing is not among the file's features")
    }
    guard weight.element == .f32 else {
      throw WeightFault("values of an element type that no packing has; update Espalier")
    }
    guard weight.nonzeroCount <= weight.valuesLength / UInt64(weight.elementSize) else {
      throw WeightFault("more non-zeros than values")
    }
    guard (weight.nanoseconds == 0) == (weight.denseNanoseconds == 0),
      weight.nanoseconds <= weight.denseNanoseconds
    else { throw WeightFault("the choice is slower than dense, or only one of them was timed") }
    guard weight.columns <= 65_536 ? weight.columns32.isEmpty : weight.columns16.isEmpty else {
      throw WeightFault("column lists of the wrong width")
    }
  }

  /// That the copied lists and the number of values are what the packing demands.
  private func validate(_ weight: Weight, _ structure: WeightStructure) throws(WeightFault) {
    guard weight.rows >= 1, weight.columns >= 1, weight.groups >= 1,
      weight.rows % weight.groups == 0
    else { throw WeightFault("rows, columns and groups do not fit together") }
    guard let rules = weight.packing?.rules else { throw WeightFault("the packing is not known") }
    guard try rules.validate(weight, structure) == weight.valuesLength else {
      throw WeightFault("another number of values than the structure needs")
    }
    guard rules.isDense(weight) == (weight.encoding == .dense) else {
      throw WeightFault("a dense encoding has no lists, and another has")
    }
  }
}

/// What is wrong with a weight whose number is not at hand.
struct WeightFault: Error {
  let cause: StaticString
  init(_ cause: StaticString) { self.cause = cause }
}

/// The product of two non-negative numbers.
func product(_ a: Int, _ b: Int) throws(WeightFault) -> UInt64 {
  try product(UInt64(a), UInt64(b))
}

func product(_ a: UInt64, _ b: UInt64) throws(WeightFault) -> UInt64 {
  let (product, overflow) = a.multipliedReportingOverflow(by: b)
  guard !overflow else { throw WeightFault("sizes whose product is too large") }
  return product
}
