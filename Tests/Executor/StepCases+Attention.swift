import EspalierModelFile

extension StepCase {
  /// Two heads of one query and two keys, tokens before heads. All scores are alike, so that values
  /// are averaged; the addend hides the second key from the first head.
  static let attention = StepCase(
    "attention, hidden key",
    inputs: [
      .floats([0, 5]), .floats([1, 0, 1, 0]), .floats([4, 1, 8, 3]),
      .floats([0, -.infinity, 0, 0]),
    ],
    outputs: [.floats([4, 2])]
  ) { model in
    let q = model.input([2])
    let k = model.input([2, 2])
    let v = model.input([2, 2])
    let addend = model.input([2, 1, 2])
    let y = model.output([2])
    let rows: [Int64] = [
      0, 0, 1, 0, 0, 0, 1, 2, 0, 0, 1, 2, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 0, 0,
    ]
    model.step(
      .attention, [q, k, v, addend], [y], [1, 2, 1, 2, 1, 1] + rows, floats: [1])
  }
}
