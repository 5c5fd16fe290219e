import EspalierModelFile

extension StepCase {
  static let movement: [StepCase] = [
    StepCase(
      "transposing copy", inputs: [.floats([1, 2, 3, 4, 5, 6])],
      outputs: [.floats([1, 4, 2, 5, 3, 6])]
    ) { model in
      let x = model.input([2, 3])
      let y = model.output([3, 2])
      model.step(.copy, [x], [y], [2, 3, 2, 0, 1, 3, 0, 2, 1])
    },
    StepCase(
      "padding: fill, then copy into a part", inputs: [.floats([1, 2])],
      outputs: [.floats([0.5, 2, 1, 0.5])]
    ) { model in
      let x = model.input([2])
      let y = model.output([4])
      model.step(.fill, [], [y], [Int64(Float(0.5).bitPattern)])
      model.step(.copy, [x], [y], [1, 2, 1, -1, 1, 1])
    },
    StepCase(
      "resize of one axis", inputs: [.floats([0, 10])], outputs: [.floats([0, 5, 10])]
    ) { model in
      let x = model.input([1, 2])
      let index = model.constant(.int32([0, 0, 0, 1, 1, 1]), [3, 2], .i32)
      let weight = model.constant(.floats([1, 0, 0.5, 0.5, 1, 0]), [3, 2])
      let y = model.output([1, 3])
      model.step(.resample, [x, index, weight], [y], [1])
    },
    StepCase(
      "one hot, negative index", inputs: [.int64([0, -1])],
      outputs: [.floats([9, 1, 1, 1, 1, 9])]
    ) { model in
      let index = model.input([2], .i64)
      let values = model.constant(.floats([1, 9]), [2])
      let y = model.output([2, 3])
      model.step(.oneHot, [index, values], [y], [1])
    },
    StepCase(
      "lower triangle", inputs: [.int32([1, 2, 3, 4])], outputs: [.int32([1, 0, 3, 4])]
    ) { model in
      let x = model.input([2, 2], .i32)
      let y = model.output([2, 2], .i32)
      model.step(.triangle, [x], [y], [0, 0])
    },
    StepCase(
      "copy with the columns backwards and one left free, an axis of one element aside",
      inputs: [.floats([1, 2, 3, 4])], outputs: [.floats([2, 9, 1, 4, 9, 3])]
    ) { model in
      let x = model.input([2, 2])
      let y = model.output([2, 3])
      model.step(.fill, [], [y], [Int64(Float(9).bitPattern)])
      model.step(.copy, [x], [y], [3, 2, 1, 2, 0, 2, 7, 1, 2, 3, 0, -2])
    },
  ]

  static let indexing: [StepCase] = [
    StepCase(
      "gather", inputs: [.floats([1, 2, 3, 4, 5, 6]), .int64([-1, 0])],
      outputs: [.floats([3, 1, 6, 4])]
    ) { model in
      let x = model.input([2, 3])
      let index = model.input([2], .i64)
      let y = model.output([2, 2])
      model.step(.gather, [x, index], [y], [1])
    },
    StepCase(
      "gather elements", inputs: [.floats([1, 2, 3, 4]), .int64([1, 0, 0, 0])],
      outputs: [.floats([3, 2, 1, 2])]
    ) { model in
      let x = model.input([2, 2])
      let index = model.input([2, 2], .i64)
      let y = model.output([2, 2])
      model.step(.gatherElements, [x, index], [y], [0])
    },
    StepCase(
      "gather slices by tuple, one batch axis",
      inputs: [.floats([1, 2, 3, 4, 5, 6, 7, 8]), .int64([1, 0])],
      outputs: [.floats([3, 4, 5, 6])]
    ) { model in
      let x = model.input([2, 2, 2])
      let index = model.input([2, 1], .i64)
      let y = model.output([2, 2])
      model.step(.gatherND, [x, index], [y], [1])
    },
    StepCase(
      "scatter slices, adding",
      inputs: [.floats([1, 2, 3, 4]), .int64([1, 1]), .floats([1, 1, 5, 5])],
      outputs: [.floats([1, 2, 9, 10])]
    ) { model in
      let x = model.input([2, 2])
      let index = model.input([2, 1], .i64)
      let updates = model.input([2, 2])
      let y = model.output([2, 2])
      model.step(.scatterND, [x, index, updates], [y], [1])
    },
    StepCase(
      "scatter elements", inputs: [.bytes([1, 2, 3]), .int32([2, 0]), .bytes([8, 9])],
      outputs: [.bytes([9, 2, 8])]
    ) { model in
      let x = model.input([3], .u8)
      let index = model.input([2], .i32)
      let updates = model.input([2], .u8)
      let y = model.output([3], .u8)
      model.step(.scatterElements, [x, index, updates], [y], [0, 0])
    },
  ]

  static let others: [StepCase] = [
    StepCase(
      "contract: the trace of a product", inputs: [.floats([1, 2, 3, 4]), .floats([5, 6, 7, 8])],
      outputs: [.floats([1 * 5 + 2 * 7 + 3 * 6 + 4 * 8])]
    ) { model in
      let a = model.input([2, 2])
      let b = model.input([2, 2])
      let y = model.output([])
      model.step(.contract, [a, b], [y], [2, 0, 2, 2, 2, 1, 1, 2])
    },
    StepCase(
      "recurrent, relu, last state only", inputs: [.floats([1, 2, 3])], outputs: [.floats([13])]
    ) { model in
      let x = model.input([3, 1, 1])
      let w = model.constant(.floats([1]), [1, 1, 1])
      let r = model.constant(.floats([2]), [1, 1, 1])
      let bias = model.constant(.floats([1, 1]), [1, 2])
      let h0 = model.constant(.floats([-2]), [1, 1, 1])
      let h = model.output([1, 1, 1])
      // relu(1 + 2 - 4) = 0, relu(2 + 2) = 4, relu(3 + 2 + 8) = 13
      model.step(
        .recurrent, [x, w, r, bias, -1, h0], [-1, h, -1], [1, 0, 0, 0, 1, 0, 0, 0, 0, 0],
        floats: [Float](repeating: 0, count: 13))
    },
  ]
}
