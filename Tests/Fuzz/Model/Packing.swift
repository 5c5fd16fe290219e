public import CEspalierFuzz
import EspalierModelFile

/// Packs a random matrix as the converter would, so that mutated weights pass their validation. See
/// packer.h.
@_cdecl("fuzz_pack")
public func pack(
  _ wanted: UnsafeMutablePointer<fuzz_packing>, _ take: fuzz_take_packed?,
  _ context: UnsafeMutableRawPointer?
) -> CInt {
  var random = Random(state: unsafe wanted.pointee.seed)
  guard let take = unsafe take,
    let packing = WeightPacking(rawValue: unsafe wanted.pointee.packing),
    let cut = unsafe Cut(wanted.pointee, packing, &random)
  else { return 0 }
  let density = unsafe UInt64(wanted.pointee.density)
  let values = (0..<cut.rows * cut.columns).map { _ -> Float in
    let bits = random.next()
    return bits % 100 < density ? Float(bits >> 32 % 15) / 4 - 1.75 : 0
  }
  let matrix = DenseMatrix(rows: cut.rows, columns: cut.columns, groups: cut.groups, values: values)
  let weight = WeightDescription(matrix, in: packing, cut.choice)
  unsafe wanted.pointee.encoding = weight.encoding.rawValue
  unsafe wanted.pointee.rows = Int32(weight.rows)
  unsafe wanted.pointee.columns = Int32(weight.columns)
  unsafe wanted.pointee.groups = Int32(weight.groups)
  unsafe wanted.pointee.panel_height = Int32(weight.panelHeight)
  unsafe wanted.pointee.panels_per_list = Int32(weight.panelsPerList)
  unsafe wanted.pointee.column_block = Int32(weight.columnBlock)
  unsafe wanted.pointee.pattern = (0, 0, 0)
  unsafe wanted.pointee.nonzero_count = weight.nonzeroCount
  let bytes = weight.values.array(of: UInt8.self)
  unsafe take(
    context, weight.counts, weight.counts.count, weight.columnLists, weight.columnLists.count,
    weight.stream, weight.stream.count, bytes, bytes.count)
  return 1
}

/// How a matrix is cut: as was asked for, where the packing takes that.
struct Cut {
  let rows, columns, groups: Int
  let choice: PackingChoice

  init?(_ wanted: fuzz_packing, _ packing: WeightPacking, _ random: inout Random) {
    (rows, columns) = (Int(wanted.rows), Int(wanted.columns))
    guard (1...1024).contains(rows), (1...70_000).contains(columns), rows * columns <= 20_000 else {
      return nil
    }
    let isTransformed = packing.winogradTile != nil
    guard !isTransformed || columns % 9 == 0 else { return nil }
    let isAlone = packing.isForVectors || isTransformed
    let groups = isAlone ? 1 : Int(wanted.groups)
    self.groups = groups > 0 && rows % groups == 0 ? groups : 1
    func kept(_ number: Int32, _ range: ClosedRange<Int>) -> Int {
      range.contains(Int(number))
        ? Int(number) : random.next(in: range.lowerBound...min(range.upperBound, 9))
    }
    let isDense =
      packing == .panels ? random.next(in: 0...2) == 0 : isTransformed || packing == .depthwise
    let height =
      switch packing {
      case .panels:
        [1, 2, 4, 8].contains(wanted.panel_height)
          ? Int(wanted.panel_height) : 1 << random.next(in: 0...3)
      case .patternGroups: 4
      case .rowPairs: 2
      case .depthwise: 1
      case .winograd2, .winograd4: 8
      case .slicedEllpack, .nOfFour, .bitmap: 16
      }
    choice = PackingChoice(
      isDense ? .dense : .unstructured, panelHeight: height,
      panelsPerList: packing == .panels && isDense ? nil : kept(wanted.panels_per_list, 1...128),
      columnBlock: kept(wanted.column_block, 1...4096))
  }
}
