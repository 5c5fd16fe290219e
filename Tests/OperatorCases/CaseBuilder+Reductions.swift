import EspalierGraph

extension CaseBuilder {
  mutating func lines() {
    for axis in [-1, 0, 1, 2, -3] as [Int64] {
      add("axis \(axis)", [some(2, 5, 4)], ["axis": .integer(axis)])
    }
    add("the default axis", [some(2, 5)])
    add("one axis", [some(7)])
    add("lines of one element", [some(3, 1)])
    add("one line past two vectors", [some(1, 35)])
    add("no lines", [some(0, 3)])
    for axis in [0, 1, 2] as [Int64] {
      add("a matrix cut at \(axis)", [some(2, 3, 4)], ["axis": .integer(axis)], opset: 11)
    }
    add("a matrix cut at the default", [some(2, 3, 4)], opset: 11)
  }

  mutating func reductions(axesAreInputSince opset: Int) {
    let gone: [String: Attribute] = ["keepdims": .integer(0)]
    add("the last axis", [positive(2, 3, 4), list(-1)])
    add("two axes", [positive(2, 3, 4), list(0, 2)], gone)
    add("the middle axis", [positive(2, 3, 4), list(1)], gone)
    add("all axes", [positive(2, 3, 4)])
    add("all axes, none kept", [positive(2, 3)], gone)
    add("no axes, by wish", [positive(2, 3)], ["noop_with_empty_axes": .integer(1)])
    add("an axis of one element", [positive(3, 1, 2), list(1)])
    add("past two vectors", [positive(2, 35), list(1)])
    add("four axes", [positive(2, 3, 4, 5), list(3, 1)])
    add("no groups", [positive(0, 3), list(1)])
    add(
      "axes as an attribute", [positive(2, 3, 4)], ["axes": .integers([0, -1])],
      opset: opset - 1)
    add("no axes as an attribute", [positive(2, 3)], opset: opset - 1)
  }

  mutating func positions() {
    for axis in [0, 1, -1] as [Int64] {
      add("axis \(axis)", [some(2, 3, 4)], ["axis": .integer(axis)])
    }
    add("not kept", [some(2, 3, 4)], ["axis": .integer(1), "keepdims": .integer(0)])
    add("the default axis", [some(3, 2)])
    let equal = Tensor([1, 2, 2, 0, 0, -1], shape: [2, 3])
    add("the first of equals", [equal], ["axis": .integer(1)])
    add(
      "the last of equals", [equal], ["axis": .integer(1), "select_last_index": .integer(1)])
    add("one element", [some(1)])
    add("no lines", [some(0, 3)], ["axis": .integer(1)])
  }

  mutating func runningSums() {
    add("axis 0", [some(3, 4), scalar(0)])
    add("axis -1", [some(2, 3, 4), list(-1)])
    add("exclusive", [some(2, 3, 4), scalar(1)], ["exclusive": .integer(1)])
    add("reversed", [some(2, 3, 4), scalar(1)], ["reverse": .integer(1)])
    add(
      "both", [some(2, 3), scalar(1)], ["exclusive": .integer(1), "reverse": .integer(1)])
    add("an axis as int32", [some(3), scalar(0).of(.int32)])
    add("no elements", [some(2, 0), scalar(1)])
  }

  mutating func selections() {
    add("values and positions", [some(3, 5), list(2)], outputs: 2)
    add("values alone", [some(3, 5), list(2)])
    add(
      "the least of axis 0", [some(5, 2, 3), list(3)],
      ["axis": .integer(0), "largest": .integer(0)], outputs: 2)
    add(
      "equal elements", [Tensor([1, 2, 2, 1, 2], shape: [5]), list(4)], ["sorted": .integer(0)],
      outputs: 2)
    add("all", [some(2, 3), list(3)], outputs: 2)
    add("none", [some(2, 3), list(0)], outputs: 2)
    add("a number as an attribute", [some(3, 5)], ["k": .integer(2)], opset: 9, outputs: 2)
  }

  mutating func triangles() {
    add("the upper", [some(3, 4)])
    add("the lower", [some(4, 3)], ["upper": .integer(0)])
    add("moved to the right", [some(2, 4, 4), scalar(1)])
    add("moved to the left", [some(2, 4, 4), scalar(-2)], ["upper": .integer(0)])
    add("beyond the matrix", [some(3, 3), scalar(9)])
    add("truths", [truth([3, 3])])
    add("no elements", [some(0, 3)])
  }

  mutating func oneHots() {
    let values = Tensor([0.5, 2], shape: [2])
    add("the last axis", [list(0, 2, -1), scalar(3), values])
    add("axis 0", [list(0, 2, 1), scalar(4), values], ["axis": .integer(0)])
    add(
      "between two", [Tensor(integers: [0, 1, 2, 3, 1, 0], shape: [2, 3]), list(4), values],
      ["axis": .integer(1)])
    add("out of range", [list(5, -9, 1), scalar(3), values])
    add("no axes", [scalar(1), scalar(3), list(7, 9)])
    add("int32", [list(0, 1).of(.int32), scalar(2), values])
    add("real numbers for positions", [Tensor([0, 1], shape: [2]), scalar(2), values])
  }

  mutating func einsums() {
    func equation(_ value: String) -> [String: Attribute] { ["equation": text(value)] }
    add("a product", [some(2, 3), some(3, 4)], equation("ij,jk->ik"))
    add("a stack of products", [some(2, 3, 4), some(2, 4, 5)], equation("bij,bjk->bik"))
    add("a product that broadcasts", [some(2, 3, 4), some(1, 4, 5)], equation("bij,bjk->bik"))
    add("no arrow", [some(2, 3), some(3, 4)], equation("ij,jk"))
    add("a transposition", [some(2, 3, 4)], equation("abc->cab"))
    add("a sum", [some(2, 3)], equation("ij->i"))
    add("a sum of all", [some(2, 3)], equation("ij->"))
    add("a diagonal", [some(3, 3)], equation("ii->i"))
    add("a trace", [some(3, 3)], equation("ii"))
    add("an outer product", [some(2), some(3)], equation("i,j->ij"))
    add("hidden axes", [some(2, 5, 3), some(3, 4)], equation("...ij,jk->...ik"))
    add("three operands", [some(2, 3), some(3, 4), some(4, 2)], equation("ij,jk,kl->il"))
    add("scalars", [some([]), some([])], equation(",->"))
    add("attention", [some(2, 3, 2, 4), some(2, 5, 2, 4)], equation("bqhd,bkhd->bhqk"))
    add("no elements", [some(0, 3), some(3, 2)], equation("ij,jk->ik"))
  }

  mutating func norms() {
    for power in [1, 2] as [Int64] {
      for axis in [-1, 0, 1] as [Int64] {
        add(
          "power \(power) of axis \(axis)", [some(2, 3, 4)],
          ["p": .integer(power), "axis": .integer(axis)])
      }
    }
    add("defaults", [some(3, 5)])
    add("a line of zeros", [Tensor([0, 0, 3, 4], shape: [2, 2])])
  }

  mutating func meanVariances() {
    add("the default axes", [some(2, 3, 4, 5)])
    add("the last axis", [some(3, 6)], ["axes": .integers([-1])])
    add("the first and the last", [some(3, 2, 4)], ["axes": .integers([0, 2])])
  }

  mutating func localResponses() {
    add("three channels", [some(2, 5, 3, 2)], ["size": .integer(3)])
    add(
      "an even number", [some(1, 5, 4)],
      ["size": .integer(4), "alpha": .float(0.5), "beta": .float(0.5), "bias": .float(2)])
    add("more than there are", [some(1, 2, 3)], ["size": .integer(9)])
    add("a channel alone", [some(2, 1, 3, 3)], ["size": .integer(1)])
  }

  mutating func quantisations() {
    let (small, offset) = (Tensor([0.05], shape: []), scalar(10).of(.uint8))
    add("one scale", [some(2, 3, 4), small, offset])
    add("no zero point", [some(2, 3), small])
    add("signed", [some(2, 3), small, scalar(-3).of(.int8)])
    add("beyond the range", [Tensor([-90, 0.02, 90], shape: [3]), small, offset])
    for (axis, shape) in [(1, [2, 3, 4]), (0, [3, 2]), (-1, [2, 2, 3])] as [(Int64, [Int])] {
      add(
        "scales of axis \(axis)",
        [some(shape), Tensor([0.1, 0.02, 0.5], shape: [3]), list(0, 3, 7).of(.uint8)],
        ["axis": .integer(axis)])
    }
    add("a scale of one axis", [some(2, 3), Tensor([0.1], shape: [1]), list(4).of(.uint8)])
    add(
      "blocks", [some(2, 4), positive(2, 2)], ["axis": .integer(1), "block_size": .integer(2)])
    add("16 bits", [some(2, 3), small, scalar(0).of(.int16)])
    add("a type by attribute", [some(2, 3), small], ["output_dtype": .integer(3)])
  }

  mutating func dequantisations() {
    let (small, bytes) = (Tensor([0.05], shape: []), whole([2, 3, 4]).of(.int8))
    add("one scale", [bytes, small, scalar(1).of(.int8)])
    add("no zero point", [bytes, small])
    add("bytes without a sign", [list(0, 128, 255).of(.uint8), small, scalar(128).of(.uint8)])
    for (axis, shape) in [(1, [2, 3, 4]), (0, [3, 2]), (-1, [2, 2, 3])] as [(Int64, [Int])] {
      add(
        "scales of axis \(axis)",
        [
          whole(shape).of(.int8), Tensor([0.1, 0.02, 0.5], shape: [3]), list(0, 3, -7).of(.int8),
        ], ["axis": .integer(axis)])
    }
    add("a scale of one axis", [bytes, Tensor([0.1], shape: [1]), list(4).of(.int8)])
    add(
      "blocks", [whole([2, 4]).of(.int8), positive(2, 2)],
      ["axis": .integer(1), "block_size": .integer(2)])
    add("32 bits", [whole([2, 3]).of(.int32), small])
  }
}
