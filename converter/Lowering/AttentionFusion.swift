import EspalierGraph
import EspalierModelFile

/// Joins scores, addends, softmax and weighted values into one step of attention, which also reads
/// heads where they lie and writes them where they belong: the copies around it fall away.
package struct AttentionFusion {
  private var editor: ProgramEditor

  package static func apply(to program: inout Program) {
    var fusion = AttentionFusion(editor: ProgramEditor(program))
    for index in program.steps.indices { fusion.fuse(softmax: index) }
    program = fusion.editor.finished()
  }

  // MARK: Looking

  private var program: Program { editor.program }
  private func root(_ tensor: Int) -> Int { editor.storage(tensor) }
  private func shape(_ tensor: Int) -> [Int] { program.tensors[tensor].type.shape }
  private func count(_ tensor: Int) -> Int { program.tensors[tensor].type.count }

  private func isSum(_ step: Program.Step) -> Bool {
    step.kind == .binary && step.integers[0] == BinaryCode.add.rawValue
  }

  /// A tensor added to the scores, and the shape it is stretched over.
  private typealias Addend = (tensor: Int, shape: [Int])

  /// The product behind a softmax's operand, and what is added to it.
  private func scores(_ tensor: Int) -> (product: Int, addends: [Addend])? {
    var (tensor, addends): (Int, [Addend]) = (tensor, [])
    while let index = editor.soleProducer(tensor) {
      let step = program.steps[index]
      if step.kind == .matrixProduct {
        return step.integers[0] == 0 && step.integers[2] == 0 ? (index, addends) : nil
      }
      guard isSum(step), addends.count < 2, let a = step.inputs[0], let b = step.inputs[1],
        let output = step.outputs[0]
      else { return nil }
      let isScores = { (operand: Int) in
        guard count(operand) == count(output), let source = editor.soleProducer(operand) else {
          return false
        }
        return program.steps[source].kind == .matrixProduct || isSum(program.steps[source])
      }
      guard let own = isScores(a) ? a : isScores(b) ? b : nil else { return nil }
      addends.append((own == a ? b : a, shape(output)))
      tensor = own
    }
    return nil
  }

  /// Follows a view back through copies, and multiplications by one number where `scale` takes them.
  private func resolved(_ view: StridedView, scale: inout Float?) -> StridedView {
    var view = view
    while let index = editor.producer(view.tensor) {
      let step = program.steps[index]
      guard let source = step.inputs.first ?? nil,
        program.tensors[source].type.elementType == .float32
      else { break }
      if step.kind == .copy {
        guard let move = Move(step, fromTarget: true, count: count(root(view.tensor))),
          let moved = view.through(move, to: root(source)), moved.rows != nil || view.rows == nil
        else { break }
        view = moved
      } else if let (operand, factor) = scaling(step), scale != nil {
        scale! *= factor
        view.tensor = root(operand)
      } else {
        break
      }
    }
    return view
  }

  /// The operand and factor of a step that multiplies by one number.
  private func scaling(_ step: Program.Step) -> (Int, Float)? {
    guard let output = step.outputs[0] else { return nil }
    if step.kind == .unary, step.integers[0] == UnaryCode.affine.rawValue, step.floats[1] == 0,
      let operand = step.inputs[0]
    {
      return (operand, step.floats[0])
    }
    guard step.kind == .binary, step.integers[0] == BinaryCode.multiply.rawValue,
      let a = step.inputs[0], let b = step.inputs[1]
    else { return nil }
    for (operand, factor) in [(a, b), (b, a)] {
      if let constant = program.tensors[factor].constant, constant.count == 1,
        count(operand) == count(output)
      {
        return (operand, constant.floats[0])
      }
    }
    return nil
  }

  // MARK: Rewriting

  private mutating func fuse(softmax index: Int) {
    let softmax = program.steps[index]
    guard softmax.kind == .softmax, let input = softmax.inputs[0], let output = softmax.outputs[0],
      softmax.integers[0] == SoftmaxCode.softmax.rawValue,
      softmax.integers[1] == shape(input).count - 1, softmax.integers[2] == shape(input).count,
      let last = editor.soleReader(output), let (first, addends) = scores(input)
    else { return }
    let (product, context) = (program.steps[first], program.steps[last])
    guard context.kind == .matrixProduct, context.integers == [0, 0, 0], context.floats[0] == 1,
      root(context.inputs[0]!) == root(output)
    else { return }
    let sizes = shape(product.outputs[0]!).suffix(2)
    guard shape(input).suffix(2) == sizes, shape(context.inputs[0]!).suffix(2) == sizes else {
      return
    }
    for shaped in [product.outputs[0]!, input, context.outputs[0]!] {
      let outer = shape(shaped).dropLast(2)
      let heads = outer.last ?? 1
      let batch = outer.dropLast().reduce(1, *)
      guard
        case (var step, let copy)? = joined(product, addends, context, batch: batch, heads: heads)
      else { continue }
      step.name = softmax.name
      editor.replace(last, with: step)
      if let copy { editor.remove(copy) }
      return
    }
  }

  /// The step in place of all, and the copy behind it that it takes in.
  private func joined(
    _ product: Program.Step, _ addends: [Addend], _ context: Program.Step, batch: Int, heads: Int
  ) -> (Program.Step, copy: Int?)? {
    let transposesB = product.integers[1] == 1
    let (scores, result) = (product.outputs[0]!, context.outputs[0]!)
    let outer = (first: shape(scores).dropLast(2), last: shape(result).dropLast(2))
    let (queries, keys) = (shape(scores).suffix(2).first!, shape(scores).last!)
    let (a, b, c) = (product.inputs[0]!, product.inputs[1]!, context.inputs[1]!)
    let (size, valueSize) = (shape(a).last!, shape(c).last!)

    var scale: Float? = product.floats[0]
    var none: Float? = nil
    func view(_ tensor: Int, over shape: [Int], as target: [Int]) -> StridedView? {
      StridedView(root(tensor), self.shape(tensor), over: shape)?
        .reshaped([batch, heads] + target)
    }
    guard
      let plainQ = view(a, over: outer.first + [queries, size], as: [queries, size]),
      var plainK = view(
        b, over: outer.first + (transposesB ? [keys, size] : [size, keys]),
        as: transposesB ? [keys, size] : [size, keys]),
      let plainV = view(c, over: outer.last + [keys, valueSize], as: [keys, valueSize])
    else { return nil }
    if !transposesB { plainK.swapAxes(2, 3) }
    var operands = [
      resolved(plainQ, scale: &scale), resolved(plainK, scale: &scale),
      resolved(plainV, scale: &none),
    ]
    for addend in addends {
      guard let plain = view(addend.tensor, over: addend.shape, as: [queries, keys]) else {
        return nil
      }
      operands.append(resolved(plain, scale: &none))
    }
    let (target, copy) = written(result, [batch, heads, queries, valueSize])
    guard let out = target.rows else { return nil }
    var rows = operands.compactMap(\.rows)
    guard rows.count == operands.count else { return nil }
    rows.insert(out, at: 3)
    while rows.count < 6 { rows.append([0, 0, 0, 0]) }
    var step = context
    step.kind = .attention
    step.operation = "Attention"
    step.inputs = operands.map(\.tensor)
    step.outputs = [target.tensor]
    step.integers = [batch, heads, queries, keys, size, valueSize] + rows.flatMap(\.self)
    step.floats = [scale!]
    step.multiplyAccumulates = product.multiplyAccumulates + context.multiplyAccumulates
    return (step, copy)
  }

  /// Where the result goes: to the tensor that a copy would move it to, if nobody else reads it.
  private func written(_ result: Int, _ shape: [Int]) -> (StridedView, copy: Int?) {
    let own = StridedView(root(result), shape, over: shape)!
    guard let index = editor.soleReader(result), program.steps[index].kind == .copy,
      let target = program.steps[index].outputs[0], editor.producer(target) == index,
      let move = Move(program.steps[index], fromTarget: false, count: count(root(result))),
      let moved = own.through(move, to: root(target)), moved.rows != nil
    else { return (own, nil) }
    return (moved, index)
  }
}
