internal import EspalierModelFile

/// What the file says about one step, for reports.
public struct StepInfo: Sendable {
  /// The source node's name.
  public let name: String
  /// The source node's ONNX operator.
  public let operation: String
  /// Multiply-accumulates of the dense layer.
  public let multiplyAccumulates: UInt64
  /// Encoding of the weight, such as `block:16x8`; nil where there is none.
  public let encoding: String?
  /// Whether the encoding leaves zeros out.
  public let isPruned: Bool
  /// Share of the weight's elements that are kept; nil without a weight.
  public let density: Double?
  /// Output channels of all groups, and inputs of one group; nil without a weight.
  public let weightShape: (rows: Int, columns: Int)?
  /// Elements of the weight that are not zero; nil without a weight.
  public let nonzeroCount: Int?
  /// Why the converter chose this encoding; nil without a weight.
  public let reason: String?
  /// Multiply-accumulates that the kernel executes, those with stored zeros included.
  public let executedMultiplyAccumulates: UInt64
  /// What the step took on the device the file was made for, as chosen and with the weight dense; nil
  /// where nothing was measured.
  public let chosenNanoseconds: UInt64?
  public let denseNanoseconds: UInt64?
}

extension Model {
  /// What the file says about a step.
  public func step(_ number: Int) -> StepInfo {
    let step = storage.file.step(number)
    let weight = step.weight.map { storage.file.weight($0) }
    let map = step.output(0).map { Array(storage.file.tensor($0).extents.suffix(2)) } ?? []
    return StepInfo(
      name: text(step.name), operation: text(step.operation),
      multiplyAccumulates: step.multiplyAccumulates, encoding: weight?.formName,
      isPruned: weight.map { $0.encoding != .dense } ?? false,
      density: weight.map { Double($0.nonzeroCount) / (Double($0.rows) * Double($0.columns)) },
      weightShape: weight.map { ($0.rows, $0.columns) },
      nonzeroCount: weight.map { Int(clamping: $0.nonzeroCount) },
      reason: weight.map { text($0.reason) },
      executedMultiplyAccumulates: weight?.executed(of: step.multiplyAccumulates, map: map)
        ?? step.multiplyAccumulates,
      chosenNanoseconds: weight?.times?.chosen, denseNanoseconds: weight?.times?.dense)
  }
}

extension VerifiedModel.Weight {
  /// Of so many multiplications of the dense layer, those that a kernel makes: each value is
  /// multiplied as often as an element of the dense matrix, one of Winograd's once for each tile.
  fileprivate func executed(of dense: UInt64, map: [Int]) -> UInt64 {
    var products = Double(dense) / (Double(rows) * Double(columns))
    if let packing, let tile = packing.winogradTile, map.count == 2 {
      let tiles = map.reduce(1.0) { $0 * Double(($1 + tile - 1) / tile) }
      products *= tiles / max(Double(map[0]) * Double(map[1]), 1)
      products *= Double(packing.transformedCount(rows: rows, columns: columns) ?? 0)
    } else {
      products *= Double(valueCount)
    }
    return UInt64(exactly: products.rounded(.down)) ?? dense
  }

  /// The weight's form as patterns are written on the command line.
  fileprivate var formName: String {
    guard let packing, let encoding else { return "dense" }
    return packing.formName(encoding, pattern)
  }
}
