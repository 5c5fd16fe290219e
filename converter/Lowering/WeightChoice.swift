package import EspalierModelFile

/// How a weight is stored and computed, and why: the decision that `inspect` and `bench` show.
package struct WeightChoice: Sendable {
  package var encoding: WeightEncoding
  package var packing: WeightPacking
  package var panelHeight: Int
  /// block: O, I. N:M: N, M and, vector-wise, V.
  package var pattern: [Int]
  package var density: Double
  package var nonzeroCount: Int
  package var reason: String
  /// What the layer took on the device, as chosen and dense; nil where nothing was measured.
  package var times: MeasuredTimes?
  /// Every way that was timed; empty where nothing was measured.
  package var ways: [TimedWay] = []

  /// "dense", "winograd:4x4", "block:16x8", "vnm:4:2:4", "nm:2:4" or "unstructured".
  package var name: String {
    let padded = pattern + [0, 0, 0]
    return packing.formName(encoding, [padded[0], padded[1], padded[2]])
  }

  /// The kernel that would run it, for people: "panels of 8", "pattern groups", "rows", "Winograd".
  package var kernelName: String { packing.kernelName(panelHeight: panelHeight) }

  /// The choice that the cost model makes.
  package init(_ weight: Program.Weight, allowSparse: Bool = true) {
    self = WeightCandidates(weight, weight.matrix(), allowSparse: allowSparse).expected
  }

  init(
    encoding: WeightEncoding, packing: WeightPacking, panelHeight: Int, pattern: [Int],
    zeros: ZeroPattern, reason: String
  ) {
    self.encoding = encoding
    self.packing = packing
    self.panelHeight = panelHeight
    self.pattern = pattern
    self.reason = reason
    density = zeros.density
    nonzeroCount = zeros.nonzeroCount
  }
}

/// One way to store and compute a layer, as a device timed it.
package struct TimedWay: Sendable {
  package var encoding: String
  package var kernel: String
  /// Multiplications done, as a share of the dense layer's.
  package var work: Double
  /// Time that the cost model expects, as a share of the dense time.
  package var expectedShare: Double
  /// Nil for what the device does not run.
  package var nanoseconds: UInt64?
  /// Whether the cost model would take it, were nothing measured.
  package var isExpected: Bool
}
