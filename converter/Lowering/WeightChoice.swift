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

  /// "dense", "block:16x8", "vnm:4:2:4", "nm:2:4" or "unstructured".
  package var name: String { encodingName(encoding, pattern) }

  /// Chooses the cheapest kernel family that can hold the weight's zeros.
  ///
  /// Costs are shares of the dense time, fitted to what `Scripts/benchmark-kernels.sh` prints for the
  /// layers of ResNet-50 on AVX-512; a sparse kernel must promise at least 8 % to be taken. Choice by
  /// measurement on the device itself will replace them.
  package init(_ weight: Program.Weight, allowSparse: Bool = true) {
    let zeros = ZeroPattern(weight)
    density = zeros.density
    nonzeroCount = zeros.nonzeroCount
    encoding = .dense
    packing = weight.isDepthwise ? .depthwise : .panels
    panelHeight = Self.densePanelHeight(weight)
    pattern = []
    let percent = Int((100 * (1 - zeros.density)).rounded())
    guard !weight.isDepthwise else {
      reason = "depthwise kernels are bound by memory, not by arithmetic"
      return
    }
    guard allowSparse else {
      reason = "dense was asked for"
      return
    }
    guard zeros.density < 0.92 else {
      reason = percent == 0 ? "no zeros" : "\(percent) % zeros are too few to pay"
      return
    }

    // Matrix-vector kernels take linear layers only; a convolution has a kernel for every width.
    let isVector = weight.width < 8 && weight.isLinear
    var candidates: [(cost: Double, packing: WeightPacking, height: Int)] = []
    for (height, overhead) in [(8, 1.05), (4, 1.1), (2, 1.2)]
    where weight.rows / weight.groups >= height {
      // Fewer than eight sums at a time wait for one another: narrow maps need high panels.
      let sums = height * max(1, (weight.width + 15) / 16)
      let waiting = max(1, 8 / Double(sums))
      candidates.append((0.02 + overhead * waiting * zeros.panelDensity[height]!, .panels, height))
    }
    if isVector {
      candidates.append((0.05 + 2.0 * zeros.density, .rows, 16))
    } else if weight.groups == 1 {
      // Fifteen short loops cost a branch miss each, which narrow maps do not pay back.
      let fixed = weight.width < 64 ? 0.42 : 0.12
      candidates.append((fixed + 1.05 * zeros.density, .patternGroups, 4))
    }
    guard let best = candidates.min(by: { $0.cost < $1.cost }), best.cost < 0.92 else {
      reason = "\(percent) % zeros, but scattered so that no kernel can skip them"
      return
    }
    packing = best.packing
    panelHeight = best.height
    (encoding, pattern) = Self.describe(zeros, packing: best.packing, height: best.height)
    let multiple = Double(Int(100 / best.cost)) / 100
    reason =
      "about \(multiple)x fewer cycles expected"
  }

  private static func densePanelHeight(_ weight: Program.Weight) -> Int {
    let rows = weight.rows / weight.groups
    return rows >= 8 ? 8 : rows >= 4 ? 4 : rows >= 2 ? 2 : 1
  }

  /// The most telling name for what the zeros are: of the N:M patterns that fit, the tightest.
  ///
  /// A pattern that allows much more than there is fits by chance and is no name.
  private static func describe(
    _ zeros: ZeroPattern, packing: WeightPacking, height: Int
  ) -> (WeightEncoding, [Int]) {
    let ratios = [(1, 8), (1, 4), (2, 8), (4, 16), (2, 4), (4, 8), (8, 16)].filter {
      zeros.density > 0.7 * Double($0.0) / Double($0.1)
    }
    if packing == .panels {
      // An N:M pattern is exact in every group, so it is asked first; blocks leave whole groups full.
      for (n, m) in ratios {
        for vector in [8, 4, 2]
        where vector >= height && zeros.fits(n: n, m: m, height: vector) {
          return (.vectorwise, [n, m, vector])
        }
      }
      if let block = zeros.fittingBlocks().first { return (.block, [block.rows, block.columns]) }
      return (.block, [height, 1])
    }
    for (n, m) in ratios where zeros.fits(n: n, m: m, height: 1) {
      return (.strict, [n, m, 1])
    }
    return (.unstructured, [])
  }
}

/// The name of an encoding with its pattern, as the command and the reports spell it.
package func encodingName(_ encoding: WeightEncoding, _ pattern: [Int]) -> String {
  switch encoding {
  case .dense: "dense"
  case .block: "block:\(pattern[0])x\(pattern[1])"
  case .vectorwise: "vnm:\(pattern[2]):\(pattern[0]):\(pattern[1])"
  case .strict: "nm:\(pattern[0]):\(pattern[1])"
  case .unstructured: "unstructured"
  }
}
