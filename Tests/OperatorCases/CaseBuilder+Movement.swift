import EspalierGraph

extension CaseBuilder {
  mutating func transpositions() {
    add("reversed", [some(2, 3, 4)])
    for order in [[0, 2, 1], [2, 0, 1], [1, 0, 2], [0, 1, 2]] as [[Int64]] {
      add("\(order)", [some(2, 3, 4)], ["perm": .integers(order)])
    }
    add("four axes", [some(2, 3, 4, 5)], ["perm": .integers([0, 2, 1, 3])])
    add("equal extents", [some(3, 3, 3)], ["perm": .integers([1, 2, 0])])
    add("one axis", [some(3)])
    add("no axes", [some([])])
    add("extents of 1", [some(1, 3, 1)], ["perm": .integers([2, 1, 0])])
    add("no elements", [some(2, 0, 3)])
  }

  mutating func reshapes() {
    add("what remains", [some(2, 3, 4), list(4, -1)])
    add("a copied extent", [some(2, 3, 4), list(0, 12)])
    add("both", [some(2, 3, 4), list(0, -1, 2)])
    add("no axes", [some(1, 1), Tensor(integers: [], shape: [0])])
    add("no elements", [some(0, 3), list(3, 0)], ["allowzero": .integer(1)])
    add("opset 5", [some(2, 3), list(3, 2)], opset: 7)
  }

  mutating func flattenings() {
    for axis in [0, 1, 2, 3, -1] as [Int64] {
      add("at \(axis)", [some(2, 3, 4)], ["axis": .integer(axis)])
    }
    add("the default", [some(2, 3, 4)])
    add("no elements", [some(0, 3, 2)])
  }

  mutating func squeezes() {
    add("named axes", [some(1, 3, 1, 2), list(0, -2)])
    add("every axis", [some(1, 3, 1)])
    add("every axis, of which there is none", [some(2, 3, 4)])
    add("every axis, of which there is none, before they were an input", [some(3, 2)], opset: 11)
    add("to no axes", [some(1, 1), list(0, 1)])
    add("axes as an attribute", [some(1, 3, 1)], ["axes": .integers([2])], opset: 11)
    add("no elements", [some(1, 0), list(0)])
  }

  mutating func unsqueezes() {
    add("in front", [some(2, 3), list(0)])
    add("at several places", [some(2, 3), list(1, -1, 0)])
    add("of no axes", [some([]), list(0)])
    add("axes as an attribute", [some(2, 3)], ["axes": .integers([1])], opset: 11)
  }

  mutating func concatenations() {
    add("axis 0", [some(2, 3), some(1, 3)], ["axis": .integer(0)])
    add(
      "three along the middle", [some(2, 1, 4), some(2, 3, 4), some(2, 2, 4)],
      [
        "axis": .integer(1)
      ])
    add("the last axis", [some(2, 3), some(2, 1)], ["axis": .integer(-1)])
    add("one", [some(2, 3)], ["axis": .integer(1)])
    add("a part without elements", [some(2, 0), some(2, 3)], ["axis": .integer(1)])
    add("no elements", [some(0, 2), some(0, 1)], ["axis": .integer(1)])
    add(
      "a start of a list, of other extents", [some(2, 3), some(1, 0), some(2, 1)],
      ["axis": .integer(1)])
  }

  mutating func splits() {
    add("equal parts", [some(4, 3)], outputs: 2)
    add("given parts", [some(2, 7), list(1, 4, 2)], ["axis": .integer(1)], outputs: 3)
    add(
      "a smaller last part", [some(2, 7)], ["axis": .integer(-1), "num_outputs": .integer(3)],
      outputs: 3)
    add("a part without elements", [some(3, 2), list(0, 3)], outputs: 2)
    add("the middle axis", [some(2, 4, 3)], ["axis": .integer(1)], outputs: 2)
    add(
      "parts as an attribute", [some(5, 2)], ["split": .integers([2, 3])], opset: 11, outputs: 2)
    add("one part", [some(3)], outputs: 1)
  }

  mutating func slices() {
    add("two axes", [some(4, 5), list(1, 0), list(3, 4)])
    add("backwards", [some(4, 5), list(-1, 4), list(-5, 0), list(0, 1), list(-1, -2)])
    add("steps", [some(7, 5), list(1), list(7), list(0), list(3)])
    add("beyond the end", [some(3, 4), list(-9), list(99), list(1)])
    add("the last axis alone", [some(2, 3, 4), list(1), list(3), list(-1)])
    add("to the largest number", [some(5), list(2), list(.max)])
    add("nothing", [some(3, 4), list(2), list(1), list(0)])
    add("all", [some(3, 4), list(0), list(3), list(0)])
    add("int32", [some(3, 4), list(1).of(.int32), list(3).of(.int32)])
    add(
      "attributes", [some(4, 5)],
      ["starts": .integers([1]), "ends": .integers([-1]), "axes": .integers([1])], opset: 9)
  }

  mutating func gathers() {
    add("axis 0", [some(4, 3), list(2, 0, -1)])
    add("a place alone", [some(2, 4, 3), scalar(-2)], ["axis": .integer(1)])
    add("a list of one", [some(2, 4, 3), list(1)], ["axis": .integer(-1)])
    add(
      "indices of two axes", [some(3, 4), Tensor(integers: [0, 3, 1, 1, 2, -4], shape: [2, 3])],
      ["axis": .integer(1)])
    add("int32", [some(4, 3), list(1, 1).of(.int32)])
    add("no indices", [some(4, 3), Tensor(integers: [], shape: [0])])
    add("from one axis", [some(5), scalar(3)])
  }

  mutating func elementGathers() {
    let places = Tensor(integers: [0, 1, -1, 2, 0, 1], shape: [2, 3])
    add("axis 0", [some(3, 3), places])
    add("axis 1", [some(2, 3), places], ["axis": .integer(1)])
    add("the last axis", [some(3, 4), places], ["axis": .integer(-1)])
    add("int32", [some(3, 3), places.of(.int32)])
    add(
      "three axes", [some(2, 2, 3), Tensor(integers: [1, 0], shape: [1, 2, 1])],
      [
        "axis": .integer(1)
      ])
  }

  mutating func reversals() {
    let batchFirst: [String: Attribute] = ["batch_axis": .integer(0), "time_axis": .integer(1)]
    add("time first", [some(4, 3, 2), list(4, 1, 0)])
    add("batch first", [some(3, 5, 2), list(2, 5, 3)], batchFirst)
    add("two axes", [some(2, 4), list(4, 3)], batchFirst)
    add("one sequence of one", [some(1, 1, 3), list(1)])
    add("no sequences", [some(4, 0, 2), list()])
    add("no time", [some(2, 0, 3), list(0, 0)], batchFirst)
  }

  mutating func tupleGathers() {
    add("elements", [some(3, 4), Tensor(integers: [0, 1, 2, -1], shape: [2, 2])])
    add("rows", [some(3, 4), Tensor(integers: [2, 0, -1], shape: [3, 1])])
    add("a tuple alone", [some(3, 4), list(1, 2)])
    add(
      "batches", [some(2, 3, 4), Tensor(integers: [2, 0], shape: [2, 1])],
      ["batch_dims": .integer(1)])
    add(
      "batches of several", [some(2, 3, 4), Tensor(integers: [2, 0, 1, 1], shape: [2, 2, 1])],
      ["batch_dims": .integer(1)])
    add("int32", [some(3, 4), Tensor(integers: [2, 0], shape: [2, 1]).of(.int32)])
  }

  private static let reductions = ["none", "add", "mul", "max", "min"]

  mutating func tupleScatters() {
    for reduction in Self.reductions {
      add(
        "rows, \(reduction)", [some(4, 3), Tensor(integers: [2, 0], shape: [2, 1]), some(2, 3)],
        ["reduction": text(reduction)])
    }
    add("elements", [some(3, 4), Tensor(integers: [0, 1, 2, -1], shape: [2, 2]), some(2)])
    add(
      "one place twice, added", [some(3), Tensor(integers: [1, 1], shape: [2, 1]), some(2)],
      ["reduction": text("add")])
    add("a tuple alone", [some(3, 4), list(1), some(4)])
  }

  mutating func elementScatters(opset: Int, reduces: Bool) {
    let places = Tensor(integers: [0, 1, 2, 2, 0, -2], shape: [2, 3])
    for reduction in reduces ? Self.reductions : ["none"] {
      add(
        "axis 0, \(reduction)", [some(3, 3), places, some(2, 3)],
        reduces ? ["reduction": text(reduction)] : [:], opset: opset)
    }
    add("axis 1", [some(2, 5), places, some(2, 3)], ["axis": .integer(1)], opset: opset)
    add("the last axis", [some(3, 4), places, some(2, 3)], ["axis": .integer(-1)], opset: opset)
    add("int32", [some(3, 3), places.of(.int32), some(2, 3)], opset: opset)
  }

  mutating func expansions() {
    add("an axis of 1", [some(3, 1), list(3, 4)])
    add("new axes in front", [some(3, 1), list(2, 1, 4)])
    add("a smaller shape", [some(2, 3), list(3)])
    add("the same", [some(2, 3), list(1, 1)])
    add("no axes", [some([]), list(2, 2)])
    add("several axes of 1", [some(1, 3, 1, 2), list(2, 3, 4, 2)])
    add("to no elements", [some(1, 3), list(0, 3)])
  }

  mutating func tiles() {
    add("both axes", [some(2, 3), list(2, 2)])
    add("one axis", [some(2, 3, 2), list(1, 3, 1)])
    add("once", [some(2, 3), list(1, 1)])
    add("of 1", [some(1, 2), list(4, 1)])
    add("never", [some(2, 3), list(0, 1)])
    add("no elements", [some(0, 3), list(2, 2)])
  }

  mutating func pads() {
    let value = Tensor([7], shape: [])
    add("a value", [some(2, 3), list(1, 0, 2, 1), value])
    add("zeros", [some(2, 3), list(1, 0, 0, 2)])
    for mode in ["reflect", "edge", "wrap"] {
      add(mode, [some(3, 4), list(1, 2, 2, 1)], ["mode": text(mode)])
    }
    add("narrowed", [some(4, 5), list(-1, 1, 0, -2), value])
    add("some axes", [some(2, 3, 4), list(1, 2), value, list(-1)])
    add("nothing", [some(2, 3), list(0, 0, 0, 0)])
    add("an empty axis", [some(0, 2), list(1, 0, 1, 0), value])
    add(
      "amounts as an attribute", [some(2, 3)],
      ["pads": .integers([0, 1, 1, 0]), "value": .float(3)], opset: 10)
  }

  mutating func depthToSpaces() {
    for mode in ["DCR", "CRD"] {
      add(mode, [some(2, 8, 2, 3)], ["blocksize": .integer(2), "mode": text(mode)])
    }
    add("a block of 3", [some(1, 9, 1, 2)], ["blocksize": .integer(3)])
    add("a block of 1", [some(1, 2, 3, 3)], ["blocksize": .integer(1)])
  }

  mutating func spaceToDepths() {
    add("a block of 2", [some(2, 3, 4, 6)], ["blocksize": .integer(2)])
    add("a block of 3", [some(1, 2, 3, 6)], ["blocksize": .integer(3)])
    add("a block of 1", [some(1, 2, 3, 3)], ["blocksize": .integer(1)])
  }

  mutating func casts() {
    let values = Tensor([0, 1.5, -1.5, 2.9, 100, -0.2], shape: [2, 3])
    for type in ElementType.allCases where type != .string {
      let isUnsigned = [.uint8, .uint16, .uint32, .uint64].contains(type)
      let source = isUnsigned ? Tensor(values.floats.map { abs($0) }, shape: [2, 3]) : values
      add("to \(type)", [source], ["to": .integer(Int64(type.rawValue))])
    }
    add("truths to numbers", [truth([2, 3])], ["to": .integer(1)])
    add("no elements", [some(0, 2)], ["to": .integer(7)])
  }

  /// Bytes from 2 on that become Booleans are left out: ONNX does not say what they are.
  mutating func bitCasts() {
    let codes = { (type: ElementType) in ["to": Attribute.integer(Int64(type.rawValue))] }
    let whole = Tensor(integers: [0, 1, -1, 0x3FC0_0000, -0x4000_0000, 77], shape: [2, 3])
    add("float32 as int32", [some(2, 3)], codes(.int32))
    add("int32 as float32", [whole.of(.int32)], codes(.float32))
    add("float32 as itself", [some(4)], codes(.float32))
    add("int8 as uint8", [Tensor(integers: [0, 1, -1, -128]).of(.int8)], codes(.uint8))
    add("uint8 as int8", [Tensor(integers: [0, 1, 127, 255]).of(.uint8)], codes(.int8))
    add("truths as uint8", [truth([2, 3])], codes(.uint8))
    add("uint8 as truths", [Tensor(integers: [0, 1, 1]).of(.uint8)], codes(.bool))
    add("float32 as uint32", [some(2, 3)], codes(.uint32))
    add("float16 as bfloat16", [some(2, 3).of(.float16)], codes(.bfloat16))
    add("float64 as int64", [some(2, 3).of(.float64)], codes(.int64))
    add("no elements", [some(0, 3)], codes(.int32))
  }

  mutating func cacheUpdates() {
    add("at the beginning", [some(2, 3, 6, 4), some(2, 3, 2, 4)])
    add("the whole cache", [some(2, 3, 4), some(2, 3, 4)])
    add("a place for each", [some(2, 3, 6, 4), some(2, 3, 2, 4), list(1, 4)])
    add("axis 1", [some(3, 5, 2), some(3, 1, 2), list(0, 4, 2)], ["axis": .integer(1)])
    add("the last axis", [some(2, 2, 5), some(2, 2, 3), list(2, 0)], ["axis": .integer(-1)])
    add(
      "past the end", [some(2, 2, 5, 3), some(2, 2, 3, 3), list(4, -2)],
      ["mode": text("circular")])
    add("no update", [some(2, 3, 4), some(2, 0, 4), list(0, 1)])
    add("no items", [some(0, 3, 4), some(0, 1, 4), Tensor(integers: [])])
  }

  mutating func diagonals() {
    add("square", [some(4, 4)])
    add("above", [some(3, 5)], ["k": .integer(2)])
    add("below, int64", [some(5, 3)], ["k": .integer(-1), "dtype": .integer(7)])
    add("outside", [some(2, 2)], ["k": .integer(7)])
    add("no rows", [some(0, 2)])
  }

  mutating func likes() {
    add("to int64", [some(2, 3), scalar(1)])
    add("to float32", [whole([2, 3]), some(1)])
    add("to truths", [some(2, 3), truth([2])])
  }

  mutating func constants() {
    add("a tensor", [], ["value": .tensor(some(2, 3))])
    add("a number", [], ["value_float": .float(2)])
    add("integers", [], ["value_ints": .integers([1, 2])])
    add("no elements", [], ["value_floats": .floats([])])
  }

  mutating func constantsOfShape() {
    add("zeros", [list(2, 3)])
    add("a value", [list(3)], ["value": .tensor(list(5))])
    add("no axes", [Tensor(integers: [], shape: [0])])
    add("no elements", [list(0, 2)])
  }

  mutating func shapes() {
    add("all axes", [some(2, 3, 4)])
    add("some axes", [some(2, 3, 4)], ["start": .integer(1), "end": .integer(-1)])
    add("from the end", [some(2, 3, 4)], ["start": .integer(-2)])
    add("no axes", [some([])])
  }

  mutating func sizes() {
    for shape in [[2, 3, 4], [], [0, 3]] { add("\(shape)", [some(shape)]) }
  }

  mutating func ranges() {
    add("integers", [scalar(1), scalar(9), scalar(3)])
    add("backwards", [scalar(5), scalar(0), scalar(-2)])
    add("nothing", [scalar(5), scalar(0), scalar(1)])
    add(
      "real numbers",
      [Tensor([0.5], shape: []), Tensor([2], shape: []), Tensor([0.25], shape: [])])
  }
}
