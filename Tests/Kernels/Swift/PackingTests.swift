internal import CEspalierKernelChecks
internal import CEspalierKernels
import EspalierModelFile
import Testing

/// The weights that kernels are checked with are packed as the packings' files specify.
@Suite struct PackingTests {
  /// A dense weight beside what unpacking its packed form gives.
  private struct Sample {
    var dense: [Float] = []
    var packing = WeightPacking.panels
    var unpacked: DenseMatrix<Float>?
  }

  private func sample(_ kind: Int32, _ shape: esp_weight, keep: Int32) -> Sample {
    var (sample, shape) = unsafe (Sample(), shape)
    unsafe withUnsafeMutablePointer(to: &sample) { sample in
      unsafe esp_check_pack(
        kind, &shape, keep, 1,
        { context, dense, packed in
          let weight = unsafe packed!.pointee
          let sample = unsafe context!.assumingMemoryBound(to: Sample.self)
          unsafe sample.pointee = Sample(
            dense: Array(
              UnsafeBufferPointer(start: dense, count: Int(weight.rows) * Int(weight.columns))),
            packing: WeightPacking(rawValue: UInt8(weight.packing.rawValue))!,
            unpacked: WeightDescription(weight).unpacked())
        }, sample)
    }
    return sample
  }

  @Test(arguments: 0..<esp_check_store_kinds()) func areTheChecksOwn(kind: Int32) throws {
    var shape = unsafe esp_weight()
    for rows: Int32 in [1, 2, 5, 8, 17, 33] {
      for columns: Int32 in [9, 18, 135] {
        for (height, cut) in [(1, 1), (2, 3), (4, 2), (8, 1)] as [(Int32, Int32)] {
          var groups: Int32 = 1
          repeat {
            unsafe (shape.rows, shape.columns, shape.groups) = (groups * rows, columns, groups)
            unsafe (shape.panel_height, shape.panels_per_list) = (height, cut)
            unsafe shape.column_block = 16 * cut
            let sample = unsafe sample(kind, shape, keep: 20 * cut)
            let unpacked = try #require(
              sample.unpacked, "kind \(kind), \(rows)x\(columns) by \(groups)")
            #expect(unpacked.values.count == sample.dense.count)
            #expect(unpacked.values == sample.dense)
            let mayHaveGroups = [.panels, .patternGroups, .rowPairs].contains(sample.packing)
            groups = groups == 1 && mayHaveGroups ? 3 : 0
          } while groups > 0
        }
      }
    }
  }
}

extension WeightDescription {
  fileprivate init(_ weight: esp_weight) {
    let w = unsafe weight
    func array<Element>(_ start: UnsafePointer<Element>?, _ count: Int) -> [Element] {
      unsafe Array(UnsafeBufferPointer(start: start, count: start == nil ? 0 : count))
    }
    self = unsafe WeightDescription(
      encoding: .unstructured, packing: WeightPacking(rawValue: UInt8(w.packing.rawValue))!,
      rows: Int(w.rows), columns: Int(w.columns), groups: Int(w.groups),
      panelHeight: Int(w.panel_height), panelsPerList: Int(w.panels_per_list),
      columnBlock: Int(w.column_block), nonzeroCount: 0,
      values: .floats(array(w.values?.assumingMemoryBound(to: Float.self), w.value_count)),
      counts: array(w.counts, w.count_count),
      columnLists: array(w.column, w.column_count), stream: array(w.stream, w.stream_count))
  }
}
