import EspalierModelFile
import EspalierSeeded

/// A model of one layer whose weight is packed in a given way.
struct Layer {
  let name: String
  let model: ModelDescription

  /// Every packing, by each kind of step that reads it, in several cuts and densities.
  static let all: [Layer] = WeightPacking.allCases.flatMap { packing in
    let choices = choices(of: packing)
    let steps = [StepKind.linear, .convolution].filter { packing.serves($0) }
    return steps.flatMap { step in
      choices.indices.flatMap { index in
        [20, 60, 100].map { density in
          Layer(packing, step, choices[index], density: density, seed: UInt64(index + density))
        }
      }
    }
  }

  private static func choices(of packing: WeightPacking) -> [PackingChoice] {
    switch packing {
    case .panels:
      [1, 2, 4, 8].flatMap { height in
        [
          PackingChoice(.dense, panelHeight: height),
          PackingChoice(.unstructured, panelHeight: height),
          PackingChoice(.unstructured, panelHeight: height, panelsPerList: 2),
        ]
      }
    case .patternGroups:
      [5, 64].map { PackingChoice(.unstructured, panelHeight: 4, columnBlock: $0) }
    case .rowPairs:
      [(1, 5), (3, 64)].map {
        PackingChoice(.unstructured, panelHeight: 2, panelsPerList: $0.0, columnBlock: $0.1)
      }
    case .depthwise: [PackingChoice(.dense, panelHeight: 1)]
    case .winograd2, .winograd4: [PackingChoice(.dense, panelHeight: 8)]
    case .slicedEllpack, .nOfFour, .bitmap: [PackingChoice(.unstructured, panelHeight: 16)]
    }
  }

  private init(
    _ packing: WeightPacking, _ step: StepKind, _ choice: PackingChoice, density: Int, seed: UInt64
  ) {
    var random = Seeded(seed: seed)
    let isWide = packing == .winograd2 || packing == .winograd4 || packing == .depthwise
    let isConvolution = step == .convolution
    let taps = isConvolution && (isWide || seed % 2 == 0) ? 9 : 1
    // What is transformed grows fourfold.
    let rows = packing == .depthwise ? 5 : packing.winogradTile == nil ? 18 : 7
    let groups = packing == .depthwise ? 5 : isWide || !isConvolution ? 1 : 1 + Int(seed % 2)
    let columns = (packing == .depthwise ? 1 : 4) * taps + (taps == 1 && !isConvolution ? 3 : 0)
    let values = (0..<rows * columns).map { _ -> Float in
      let value = random.float()
      return random.next(in: 0...99) < density ? value : 0
    }
    let weight = WeightDescription(
      DenseMatrix(rows: rows, columns: columns, groups: groups, values: values), in: packing, choice
    )
    var model = ModelDescription()
    model.weights = [weight]
    let (x, y, integers): ([Int], [Int], [Int64])
    if isConvolution {
      let edge: Int64 = taps == 9 ? 3 : 1
      (x, y) = ([1, columns / taps * groups, 5, 7], [1, rows, 5, 7])
      integers = [edge, edge, 1, 1, 1, 1, edge / 2, edge / 2, Int64(seed % 4)]
    } else {
      let tokens = packing.isForVectors || seed % 3 == 0 ? 1 : 3
      (x, y) = ([tokens, columns * groups], [tokens, rows])
      integers = [Int64(seed % 4)]
    }
    let place = (x.reduce(4, *) + 63) / 64 * 64
    model.tensors = [
      TensorDescription(name: "x", type: .f32, dims: x, placement: .arena(offset: 0)),
      TensorDescription(name: "y", type: .f32, dims: y, placement: .arena(offset: place)),
      TensorDescription(name: "b", type: .f32, dims: [rows], placement: .constant(0)),
    ]
    model.constants = [.floats((0..<rows).map { _ in random.float() })]
    (model.inputs, model.outputs) = ([0], [1])
    model.steps = [
      StepDescription(
        kind: step, name: "layer", inputs: [0, 2], outputs: [1], integers: integers,
        floats: [0.1, 6], weight: 0)
    ]
    self.model = model
    name =
      "layer \(packing) \(step) \(choice.encoding) \(choice.panelHeight) \(choice.panelsPerList ?? 0) \(choice.columnBlock ?? 0) \(density)"
  }
}
