/// A sum of products over labelled axes, in Einstein's notation, of any number of operands.
///
/// An equation such as "bij,bjk->bik" labels each operand's axes; labels missing from the output are
/// summed, a label standing twice in one operand takes its diagonal, and "..." stands for axes that
/// broadcast. Axes of extent 1 stretch. Without "->" the output has the axes under "..." and then,
/// in alphabetical order, the labels that occur once.
public struct Einsum: Operator {
  /// Each operand's labels: ASCII letters, with `ellipsis` for "...".
  let operands: [[Int]]
  let output: [Int]?

  public init(_ node: NodeContext) throws(GraphError) {
    guard let equation = try node.string("equation") else {
      throw GraphError(.badAttribute, "attribute \"equation\" is missing")
    }
    var text = Array(equation.utf8.filter { $0 != UInt8(ascii: " ") })[...]
    var terms: [[Int]] = [[]]
    var result: [Int]?
    func append(_ label: Int) throws(GraphError) {
      let term = result ?? terms[terms.count - 1]
      let mayRepeat = result == nil && label != ellipsis
      guard mayRepeat || !term.contains(label) else {
        throw GraphError(.badAttribute, "a label repeats wrongly in \"\(equation)\"")
      }
      if result != nil { result!.append(label) } else { terms[terms.count - 1].append(label) }
    }
    while let character = text.popFirst() {
      switch character {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
        try append(Int(character))
      case UInt8(ascii: ".") where text.prefix(2).elementsEqual("..".utf8):
        text.removeFirst(2)
        try append(ellipsis)
      case UInt8(ascii: ",") where result == nil:
        terms.append([])
      case UInt8(ascii: "-") where result == nil && text.first == UInt8(ascii: ">"):
        text.removeFirst()
        result = []
      default:
        throw GraphError(.badAttribute, "the equation \"\(equation)\" cannot be read")
      }
    }
    operands = terms
    output = result
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(operands.count, inputs)
    try ElementFamily.number.check(inputs)
    try ElementFamily.checkSame(inputs)
    let plan = try plan(inputs.map { $0!.shape })
    // The work is bounded too: the sum's extents as if they were a tensor's.
    _ = try TensorType(.float32, plan.summedShape).checked()
    return [try TensorType(inputs[0]!.elementType, plan.outputShape).checked()]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] {
    let plan = try plan(inputs.map { $0!.shape })
    let type = inputs[0]!.elementType
    if type.isFloatingPoint {
      let values = plan.contract(inputs.map { $0!.doubles }, 0, 1, *, +)
      return [Tensor(elementType: type, shape: plan.outputShape, doubles: values)]
    }
    let values = plan.contract(inputs.map { $0!.integers }, 0, 1, &*, &+)
    return [Tensor(elementType: type, shape: plan.outputShape, integers: values)]
  }

  public func multiplyAccumulates(_ inputs: [TensorType?], _ outputs: [TensorType]) -> Int {
    guard let plan = try? plan(inputs.map { $0?.shape ?? [] }) else { return 0 }
    let factors = plan.outputShape + plan.summedShape + [max(operands.count - 1, 0)]
    return factors.reduce(1) { product, factor in
      let (result, overflow) = product.multipliedReportingOverflow(by: factor)
      return overflow ? .max : result
    }
  }

  package func plan(_ shapes: [[Int]]) throws(GraphError) -> EinsumPlan {
    var hidden: [Int] = []  // For each operand, how many axes its "..." stands for.
    for (labels, shape) in zip(operands, shapes) {
      let named = labels.count { $0 != ellipsis }
      guard labels.contains(ellipsis) ? shape.count >= named : shape.count == named else {
        throw GraphError(.badShape, "the equation names \(named) axes of a tensor of \(shape)")
      }
      hidden.append(shape.count - named)
    }
    // Axes under "..." are numbered from the left of the widest and align on the right.
    let widest = hidden.max() ?? 0
    func expanded(_ labels: [Int], _ count: Int) -> [Int] {
      labels.flatMap { $0 == ellipsis ? ((widest - count)..<widest).map { ellipsis + $0 } : [$0] }
    }
    let axes = zip(operands, hidden).map { expanded($0, $1) }

    var extents: [Int: Int] = [:]
    for (labels, shape) in zip(axes, shapes) {
      for (label, extent) in zip(labels, shape) {
        let known = extents[label] ?? 1
        guard known == 1 || extent == 1 || known == extent else {
          throw GraphError(.badShape, "one label stands for extents \(known) and \(extent)")
        }
        extents[label] = known == 1 ? extent : known
      }
    }
    let kept: [Int]
    if let output {
      kept = expanded(output, widest)
      guard kept.allSatisfy({ extents[$0] != nil }) else {
        throw GraphError(.badAttribute, "the output has a label that no input has")
      }
      guard widest == 0 || output.contains(ellipsis) else {
        throw GraphError(.badAttribute, "inputs have \"...\" but the output has not")
      }
    } else {
      let letters = axes.joined().filter { $0 < ellipsis }
      let once = Set(letters).filter { letter in letters.count { $0 == letter } == 1 }
      kept = (0..<widest).map { ellipsis + $0 } + once.sorted()
    }
    let summed = extents.keys.filter { !kept.contains($0) }.sorted()
    let ofLabels = zip(axes, shapes).map { labels, shape in
      var own: [Int: Int] = [:]
      for (axis, stride) in strides(of: shape).enumerated() where shape[axis] != 1 {
        own[labels[axis], default: 0] += stride
      }
      return own
    }
    return EinsumPlan(
      outputShape: kept.map { extents[$0]! }, summedShape: summed.map { extents[$0]! },
      outputStrides: ofLabels.map { own in kept.map { own[$0] ?? 0 } },
      summedStrides: ofLabels.map { own in summed.map { own[$0] ?? 0 } })
  }
}

/// The number that stands for "..."; the axes under it are numbered from here.
private let ellipsis = 256

/// Where each operand's factors lie, for each index of the output and of the sum.
package struct EinsumPlan {
  package var outputShape: [Int]
  package var summedShape: [Int]
  /// For each operand, its stride along each output axis; 0 where it does not vary.
  package var outputStrides: [[Int]]
  /// For each operand, its stride along each summed axis.
  package var summedStrides: [[Int]]

  func contract<Value>(
    _ operands: [[Value]], _ zero: Value, _ one: Value,
    _ multiply: (Value, Value) -> Value, _ add: (Value, Value) -> Value
  ) -> [Value] {
    func position(_ start: Int, _ index: [Int], _ strides: [Int]) -> Int {
      var position = start
      for axis in index.indices { position += index[axis] * strides[axis] }
      return position
    }
    var result: [Value] = []
    result.reserveCapacity(outputShape.reduce(1, *))
    forEachIndex(of: outputShape) { index in
      let starts = outputStrides.map { position(0, index, $0) }
      var sum = zero
      forEachIndex(of: summedShape) { inner in
        var product = one
        for operand in operands.indices {
          let place = position(starts[operand], inner, summedStrides[operand])
          product = multiply(product, operands[operand][place])
        }
        sum = add(sum, product)
      }
      result.append(sum)
    }
    return result
  }
}

extension Einsum {
  /// One label, one axis; a label that the output lacks is summed.
  public func mapChannels(_ map: inout ChannelMap) {
    let shapes = map.inputs.map { $0!.shape }
    guard !operands.joined().contains(ellipsis), (try? plan(shapes)) != nil else {
      return map.freezeAll(
        .semantic(node: map.node.name, "an equation with \"...\" has no channel map"))
    }
    var known: [Int: Axis] = [:]
    for (input, labels) in operands.enumerated() {
      for (index, label) in labels.enumerated() where shapes[input][index] != 1 {
        if let axis = known[label] {
          map.bind(input, index, axis)
        } else {
          known[label] = map.axis(input, index)
        }
      }
    }
    let letters = operands.joined()
    let kept =
      output ?? Set(letters).filter { label in letters.count { $0 == label } == 1 }.sorted()
    let free = kept.filter { label in !operands.allSatisfy { $0.contains(label) } }
    for label in Set(letters).subtracting(kept).sorted() where known[label] != nil {
      // A constant operand stands for the sum where there is one: its zeros are the cheapest.
      let holders = operands.indices.filter {
        operands[$0].contains(label) && shapes[$0][operands[$0].firstIndex(of: label)!] != 1
      }
      let input = holders.first(where: map.isConstant) ?? holders.last!
      let axes = operands[input].indices.filter { operands[input][$0] == label }
      map.contract(input, axes, free: free.compactMap { known[$0] })
    }
    map.outputAxes = [kept.map { known[$0] ?? .unit }]
  }
}
