/// An operand of a product of integers: bytes less their zero point, as float32 numbers.
struct IntegerOperand {
  var value: Graph.ValueID
  /// Where the file holds it.
  var constant: Tensor?
  /// No number is further from 0.
  var bound: Int
}

extension ExpansionBuilder {
  /// Sums that stay below this are exact in float32, in whatever order they are formed.
  private static let exactBound = 1 << 24

  /// The bytes of an input less their zero point, which may be left out.
  /// - Parameters:
  ///   - zero: The zero point's input.
  ///   - axes: Where a zero point of one axis and several numbers gets axes of extent 1 to broadcast.
  /// - Throws: `GraphError` with code `.badType` for other types than uint8 and int8.
  mutating func centred(
    _ index: Int, zero: Int, axes: [Int]
  ) throws(GraphError) -> IntegerOperand {
    let value = try operand(index)
    guard let type = known(index)?.elementType, type == .uint8 || type == .int8 else {
      throw GraphError(.badType, "input \(index) must be uint8 or int8")
    }
    let range = type.integerRange
    let number = cast(value, to: .float32)
    let constant = known(index)?.constant?.cast(to: .float32)
    guard let offset = input(zero), let zeroPoint = known(zero) else {
      let bound = max(-range.lowerBound, range.upperBound)
      return IntegerOperand(value: number, constant: constant, bound: Int(bound))
    }
    guard zeroPoint.elementType == type else {
      throw GraphError(.badType, "a zero point must have the type of what it belongs to")
    }
    let zeros = zeroPoint.constant?.integers ?? [range.lowerBound, range.upperBound]
    let bound = zeros.map { max($0 - range.lowerBound, range.upperBound - $0) }.max() ?? 0
    if zeroPoint.constant != nil, zeros.allSatisfy({ $0 == 0 }) {
      return IntegerOperand(value: number, constant: constant, bound: Int(bound))
    }
    let shape = zeroPoint.shape ?? []
    let point: Graph.ValueID
    var stretched = shape
    if shape.reduce(1, *) == 1 {
      // A zero point of one number must not give the result an axis.
      (point, stretched) = (reshape(offset, []), [])
    } else if shape.count == 1, !axes.isEmpty {
      (point, stretched) = (unsqueeze(offset, axes), shape + axes.map { _ in 1 })
    } else {
      point = offset
    }
    return IntegerOperand(
      value: add("Sub", [number, cast(point, to: .float32)]),
      constant: try shifted(constant, zeroPoint.constant?.reshaped(stretched)), bound: Int(bound))
  }

  private func shifted(_ tensor: Tensor?, _ zero: Tensor?) throws(GraphError) -> Tensor? {
    guard let tensor, let zero else { return nil }
    guard try broadcast([zero.shape, tensor.shape]) == tensor.shape else {
      throw GraphError(
        .badShape, "a zero point of \(zero.shape) does not belong to \(tensor.shape)")
    }
    let offsets = zero.cast(to: .float32).broadcasting(to: tensor.shape).floats
    return Tensor(zip(tensor.floats, offsets).map { $0 - $1 }, shape: tensor.shape)
  }

  /// The sums of products of integers as int32, exactly.
  ///
  /// Where sums in float32 may not be exact, one operand is cut into digits of 4, 2 or 1 bits, each of which
  /// gives an exact product, and those are added up in int32.
  /// - Parameters:
  ///   - left: A bound of the other operand's numbers.
  ///   - right: The operand that is cut.
  ///   - terms: Terms of each sum.
  ///   - sums: The largest sum of magnitudes that a constant operand's numbers give to an output.
  ///   - multiply: Appends the product for one digit of the operand.
  /// - Throws: `GraphError` with code `.unsupportedVariant` for sums of more terms than digits of one bit allow.
  mutating func exactProduct(
    left: Int, right: IntegerOperand, terms: Int, sums: (Tensor) -> Double,
    multiply: (inout ExpansionBuilder, Graph.ValueID, _ isFirst: Bool) -> Graph.ValueID
  ) throws(GraphError) -> Graph.ValueID {
    let terms = max(terms, 1)
    func isExact(_ digits: [Tensor]) -> Bool {
      digits.allSatisfy { sums($0) * Double(left) < Double(Self.exactBound) }
    }
    func isExact(_ digit: Int) -> Bool {
      let (product, isLarge) = terms.multipliedReportingOverflow(by: max(left * digit, 1))
      return !isLarge && product < Self.exactBound
    }
    if right.constant.map({ isExact([$0]) }) ?? isExact(right.bound) {
      return cast(multiply(&self, right.value, true), to: .int32)
    }
    for bits in [4, 2, 1] {
      // Numbers of -255 to 255; the last digit has the sign.
      let count = 8 / bits
      if let constant = right.constant {
        let digits = constant.digits(of: bits, count: count)
        guard isExact(digits) else { continue }
        return joined(digits.map { add(constant: $0, "digit") }, bits, multiply)
      }
      let last = max(1, 255 >> (bits * (count - 1)) + 1)
      guard isExact(max(1 << bits - 1, last)) else { continue }
      return joined(digits(of: right.value, bits, count), bits, multiply)
    }
    throw unsupported("sums of \(terms) products")
  }

  private mutating func digits(
    of value: Graph.ValueID, _ bits: Int, _ count: Int
  ) -> [Graph.ValueID] {
    var (rest, digits): (Graph.ValueID, [Graph.ValueID]) = (value, [])
    let base = Double(1 << bits)
    for _ in 1..<count {
      let next = add("Floor", [add("Mul", [rest, scalar(1 / base, .float32)])])
      digits.append(add("Sub", [rest, add("Mul", [next, scalar(base, .float32)])]))
      rest = next
    }
    return digits + [rest]
  }

  private mutating func joined(
    _ digits: [Graph.ValueID], _ bits: Int,
    _ multiply: (inout ExpansionBuilder, Graph.ValueID, Bool) -> Graph.ValueID
  ) -> Graph.ValueID {
    var total: Graph.ValueID?
    for (place, digit) in digits.enumerated() {
      let part = cast(multiply(&self, digit, place == 0), to: .int32)
      let weighed = scaled(part, by: Double(1 << (bits * place)), .int32)
      total = total.map { add("Add", [$0, weighed]) } ?? weighed
    }
    return total!
  }
}

extension Tensor {
  /// Whole numbers as digits of so many bits, the lowest first; the last one has the sign.
  fileprivate func digits(of bits: Int, count: Int) -> [Tensor] {
    var (rest, digits): ([Float], [Tensor]) = (floats, [])
    let base = Float(1 << bits)
    for _ in 1..<count {
      let next = rest.map { ($0 / base).rounded(.down) }
      digits.append(Tensor(zip(rest, next).map { $0 - $1 * base }, shape: shape))
      rest = next
    }
    return digits + [Tensor(rest, shape: shape)]
  }

  /// The largest sum of magnitudes along the last axis but one, of matrices `[…, inner, columns]`.
  func largestColumnSum() -> Double {
    guard rank >= 2, let columns = shape.last, count > 0 else {
      return floats.reduce(0) { $0 + Double(abs($1)) }
    }
    let values = floats
    let inner = shape[rank - 2]
    var largest = 0.0
    for matrix in stride(from: 0, to: count, by: inner * columns) {
      var sums = [Double](repeating: 0, count: columns)
      for row in 0..<inner {
        for column in 0..<columns {
          sums[column] += Double(abs(values[matrix + row * columns + column]))
        }
      }
      largest = max(largest, sums.max()!)
    }
    return largest
  }

  /// The largest sum of magnitudes of what the first axis counts.
  func largestRowSum() -> Double {
    guard let rows = shape.first, count > 0 else { return 0 }
    let (values, length) = (floats, count / rows)
    return stride(from: 0, to: count, by: length).map { start in
      values[start..<start + length].reduce(0) { $0 + Double(abs($1)) }
    }.max()!
  }
}
