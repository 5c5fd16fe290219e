import EspalierModelFile
import Testing

/// One step with inputs small enough to work out the outputs by hand.
struct StepCase: Sendable, CustomTestStringConvertible {
  var name: String
  var model: TinyModel
  var inputs: [Values]
  var outputs: [Values]
  var testDescription: String { name }

  init(
    _ name: String, inputs: [Values], outputs: [Values], _ build: (inout TinyModel) -> Void
  ) {
    self.name = name
    self.inputs = inputs
    self.outputs = outputs
    var model = TinyModel()
    build(&model)
    self.model = model
  }

  /// Cases whose outputs are worked out by hand.
  static let written =
    contractions + elementwise + reductions + movement + indexing + others + [attention]

  /// Those, and of every kind of step that none of them has, what operators' cases become.
  static let all = written + lowered(but: Set(written.flatMap(\.kinds)))

  /// What its steps do.
  var kinds: [StepKind] { model.description.steps.map(\.kind) }

  static let contractions: [StepCase] = [
    StepCase(
      "convolution, 2 x 2 window, bias, residual, relu",
      inputs: [.floats([1, 2, 3, 4, 5, 6, 7, 8, 9]), .floats([0, 0, -100, 1])],
      outputs: [.floats([1 + 5 + 0.5, 2 + 6 + 0.5, 0, 5 + 9 + 1.5])]
    ) { model in
      let x = model.input([1, 1, 3, 3])
      let residual = model.input([1, 1, 2, 2])
      let bias = model.constant(.floats([0.5]), [1])
      let y = model.output([1, 1, 2, 2])
      model.step(
        .convolution, [x, bias, residual], [y], [2, 2, 1, 1, 1, 1, 0, 0, 1], floats: [0, 0],
        weight: densePanels([[1, 0, 0, 1]], height: 1))
    },
    StepCase(
      "convolution, two groups, padding", inputs: [.floats([1, 2, 3, 10, 20, 30])],
      outputs: [.floats([3, 6, 5, 30, 50, 30])]
    ) { model in
      let x = model.input([1, 2, 1, 3])
      let y = model.output([1, 2, 1, 3])
      model.step(
        .convolution, [x, -1, -1], [y], [1, 3, 1, 1, 1, 1, 0, 1, 0], floats: [0, 0],
        weight: densePanels([[1, 1, 1], [0, 1, 1]], groups: 2, height: 4))
    },
    StepCase(
      "convolution, depthwise", inputs: [.floats([1, 2, 3, 10, 20, 30])],
      outputs: [.floats([1 - 2, 2 - 3, 20, 30])]
    ) { model in
      let x = model.input([1, 2, 1, 3])
      let y = model.output([1, 2, 1, 2])
      model.step(
        .convolution, [x], [y], [1, 2, 1, 1, 1, 1, 0, 0, 0], floats: [0, 0],
        weight: WeightDescription(
          encoding: .dense, packing: .depthwise, rows: 2, columns: 2, groups: 2, panelHeight: 1,
          nonzeroCount: 4, values: .floats([1, -1, 0, 1])))
    },
    StepCase(
      "convolution, two of four channels", inputs: [.floats([1, 10, 100, 1000])],
      outputs: [.floats([2010, 4020])]
    ) { model in
      let x = model.input([1, 4, 1, 1])
      let y = model.output([1, 2, 1, 1])
      model.step(
        .convolution, [x], [y], [1, 1, 1, 1, 1, 1, 0, 0, 0], floats: [0, 0],
        weight: WeightDescription(
          encoding: .vectorwise, packing: .panels, rows: 2, columns: 4, panelHeight: 2,
          panelsPerList: 1, pattern: [2, 4, 2], nonzeroCount: 4, values: .floats([1, 2, 2, 4]),
          counts: [2], columnLists: [1, 3]))
    },
    StepCase(
      "linear", inputs: [.floats([1, 2, 3, 4])], outputs: [.floats([1.5, 6, 3.5, 14])]
    ) { model in
      let x = model.input([2, 2])
      let bias = model.constant(.floats([0.5, 0]), [2])
      let y = model.output([2, 2])
      model.step(
        .linear, [x, bias], [y], [0], floats: [0, 0],
        weight: densePanels([[1, 0], [2, 2]], height: 2))
    },
    StepCase(
      "linear, sliced ELLPACK", inputs: [.floats([1, 10, 100])], outputs: [.floats([300, 20])]
    ) { model in
      let x = model.input([1, 3])
      let y = model.output([1, 2])
      let values = [3, 2] + [Float](repeating: 0, count: 14)
      let columns = [2, 1] + [UInt32](repeating: 0, count: 14)
      model.step(
        .linear, [x], [y], [0], floats: [0, 0],
        weight: WeightDescription(
          encoding: .unstructured, packing: .slicedEllpack, rows: 2, columns: 3, panelHeight: 16,
          nonzeroCount: 2, values: .floats(values), counts: [1], columnLists: columns))
    },
    StepCase(
      "linear, pattern groups", inputs: [.floats([1, 10, 100])],
      outputs: [.floats([2 + 300, 50, 0, 0])]
    ) { model in
      let x = model.input([1, 3])
      let y = model.output([1, 4])
      // Set 1 (row 0) has columns 0 and 2, set 2 (row 1) has column 1.
      let counts: [UInt16] = [2, 1] + [UInt16](repeating: 0, count: 13)
      model.step(
        .linear, [x], [y], [0], floats: [0, 0],
        weight: WeightDescription(
          encoding: .unstructured, packing: .patternGroups, rows: 4, columns: 3, panelHeight: 4,
          columnBlock: 3, nonzeroCount: 3, values: .floats([2, 3, 5]), stream: counts + [0, 2, 1]))
    },
    StepCase(
      "matrix product, stretched batch, transposed",
      inputs: [.floats([1, 2, 3, 4]), .floats([1, 1, 1, -1])],
      outputs: [.floats([1.5, -0.5, 3.5, -0.5])]
    ) { model in
      let a = model.input([2, 1, 2])
      let b = model.input([2, 2])
      let y = model.output([2, 1, 2])
      model.step(.matrixProduct, [a, b], [y], [0, 1, 0], floats: [0.5, 0, 0])
    },
    StepCase(
      "plain convolution over three axes", inputs: [.floats([1, 2, 3, 4, 5, 6, 7, 8])],
      outputs: [.floats([36.5])]
    ) { model in
      let x = model.input([1, 1, 2, 2, 2])
      let w = model.constant(.floats([Float](repeating: 1, count: 8)), [1, 1, 2, 2, 2])
      let bias = model.constant(.floats([0.5]), [1])
      let y = model.output([1, 1, 1, 1, 1])
      model.step(
        .convolutionPlain, [x, w, bias], [y], [3, 2, 2, 2, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1])
    },
    StepCase(
      "convolution, Winograd", inputs: [.floats([1, 2, 3, 4, 5, 6])],
      // Its only tap takes the left neighbour, twice.
      outputs: [.floats([0, 2, 4, 0, 8, 10])]
    ) { model in
      let x = model.input([1, 1, 2, 3])
      let y = model.output([1, 1, 2, 3])
      model.step(
        .convolution, [x], [y], [3, 3, 1, 1, 1, 1, 1, 1, 0], floats: [0, 0],
        weight: WeightDescription(
          encoding: .dense, packing: .winograd2, rows: 1, columns: 9, nonzeroCount: 1,
          values: .floats([0, 0, 0, 2, 0, 0, 0, 0, 0])))
    },
  ]

  static let elementwise: [StepCase] = [
    StepCase("relu", inputs: [.floats([-1, 0, 2])], outputs: [.floats([0, 0, 2])]) { model in
      let x = model.input([3])
      let y = model.output([3])
      model.step(.unary, [x], [y], [1], floats: [0, 0])
    },
    StepCase("not", inputs: [.bytes([0, 1, 7])], outputs: [.bytes([1, 0, 0])]) { model in
      let x = model.input([3], .bool)
      let y = model.output([3], .bool)
      model.step(.unary, [x], [y], [31], floats: [0, 0])
    },
    StepCase(
      "add, stretched", inputs: [.floats([1, 2]), .floats([10, 20, 30])],
      outputs: [.floats([11, 21, 31, 12, 22, 32])]
    ) { model in
      let a = model.input([2, 1])
      let b = model.input([3])
      let y = model.output([2, 3])
      model.step(.binary, [a, b], [y], [1])
    },
    StepCase(
      "less", inputs: [.int64([1, 5]), .int64([3])], outputs: [.bytes([1, 0])]
    ) { model in
      let a = model.input([2], .i64)
      let b = model.input([], .i64)
      let y = model.output([2], .bool)
      model.step(.binary, [a, b], [y], [12])
    },
    StepCase(
      "select", inputs: [.bytes([1, 0]), .int32([7]), .int32([8, 9])], outputs: [.int32([7, 9])]
    ) { model in
      let condition = model.input([2], .bool)
      let a = model.input([1], .i32)
      let b = model.input([2], .i32)
      let y = model.output([2], .i32)
      model.step(.select, [condition, a, b], [y])
    },
    StepCase("cast", inputs: [.floats([1.9, -1.9])], outputs: [.int64([1, -1])]) { model in
      let x = model.input([2])
      let y = model.output([2], .i64)
      model.step(.cast, [x], [y])
    },
    StepCase(
      "quantize, one scale for each row", inputs: [.floats([1, 2, 3, 1000])],
      outputs: [.bytes([12, 14, 13, 255])]
    ) { model in
      let x = model.input([2, 2])
      let scale = model.constant(.floats([0.5, 1]), [2])
      let zero = model.constant(.bytes([10, 10]), [2], .u8)
      let y = model.output([2, 2], .u8)
      model.step(.quantize, [x, scale, zero], [y], [0, 0])
    },
  ]

  static let reductions: [StepCase] = [
    StepCase(
      "mean of the last axis", inputs: [.floats([1, 2, 3, 5, 6, 7])], outputs: [.floats([2, 6])]
    ) { model in
      let x = model.input([2, 3])
      let y = model.output([2])
      model.step(.reduce, [x], [y], [2, 0, 1])
    },
    StepCase(
      "last position of the maximum", inputs: [.floats([3, 1, 3])], outputs: [.int64([2])]
    ) { model in
      let x = model.input([3])
      let y = model.output([1], .i64)
      model.step(.reduce, [x], [y], [11, 1, 0])
    },
    StepCase(
      "sum of nothing", inputs: [.floats([])], outputs: [.floats([0, 0])]
    ) { model in
      let x = model.input([2, 0])
      let y = model.output([2])
      model.step(.reduce, [x], [y], [1, 0, 1])
    },
    StepCase(
      "softmax", inputs: [.floats([0, 0, 5, 5])], outputs: [.floats([0.5, 0.5, 0.5, 0.5])]
    ) { model in
      let x = model.input([2, 2])
      let y = model.output([2, 2])
      model.step(.softmax, [x], [y], [1, 1, 2])
    },
    StepCase(
      "normalize with scale, bias and mean", inputs: [.floats([1, 3, 10, 30])],
      outputs: [.floats([-1, 3, -1, 3]), .floats([2, 20])]
    ) { model in
      let x = model.input([2, 2])
      let scale = model.constant(.floats([1, 2]), [2])
      let bias = model.constant(.floats([0, 1]), [2])
      let y = model.output([2, 2])
      let mean = model.output([2, 1])
      model.step(.normalize, [x, scale, bias], [y, mean, -1], [1, 2, 2, 1, 2], floats: [0])
    },
    StepCase(
      "maximum pooling with positions", inputs: [.floats([1, 5, 2, 4])],
      outputs: [.floats([5, 5, 4]), .int64([1, 1, 3])]
    ) { model in
      let x = model.input([1, 1, 4])
      let y = model.output([1, 1, 3])
      let indices = model.output([1, 1, 3], .i64)
      model.step(.pool, [x], [y, indices], [1, 1, 2, 1, 1, 0, 0, 0, 0, 0])
    },
    StepCase(
      "average pooling, padding not counted", inputs: [.floats([1, 3, 5, 7])],
      outputs: [.floats([1, 4, 7])]
    ) { model in
      let x = model.input([1, 1, 1, 4])
      let y = model.output([1, 1, 1, 3])
      model.step(.pool, [x], [y], [2, 2, 1, 2, 1, 2, 1, 1, 0, 1, 0, 1, 0, 0, 0])
    },
    StepCase(
      "local response", inputs: [.floats([1, 2])], outputs: [.floats([1 / 3.5, 2 / 3.5])]
    ) { model in
      let x = model.input([1, 2, 1])
      let y = model.output([1, 2, 1])
      model.step(.localResponse, [x], [y], [3], floats: [1.5, 1, 1])
    },
    StepCase(
      "cumulative sum, reverse, exclusive", inputs: [.int64([1, 2, 3])],
      outputs: [.int64([5, 3, 0])]
    ) { model in
      let x = model.input([3], .i64)
      let y = model.output([3], .i64)
      model.step(.cumulativeSum, [x], [y], [0, 1, 1])
    },
    StepCase(
      "cumulative product", inputs: [.int64([2, 3, 5])], outputs: [.int64([2, 6, 30])]
    ) { model in
      let x = model.input([3], .i64)
      let y = model.output([3], .i64)
      model.step(.cumulativeSum, [x], [y], [0, 0, 0, 1])
    },
    StepCase(
      "two largest", inputs: [.floats([1, 9, 4])], outputs: [.floats([9, 4]), .int64([1, 2])]
    ) { model in
      let x = model.input([3])
      let values = model.output([2])
      let indices = model.output([2], .i64)
      model.step(.topK, [x], [values, indices], [0, 1])
    },
  ]
}
