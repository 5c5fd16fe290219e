/// How the matrix of a weight is stored; each is specified by the file of its name beside this one, and
/// its number by `model.fbs`.
public enum WeightPacking: UInt8, Sendable, CaseIterable {
  case panels = 0
  case patternGroups = 1
  case slicedEllpack = 2
  case depthwise = 3
  case rowPairs = 6
  case nOfFour = 7
  case bitmap = 8
  /// To be transformed for tiles of 2 by 2 outputs.
  case winograd2 = 9
  /// To be transformed for tiles of 4 by 4 outputs.
  case winograd4 = 10
}

/// What the loader, the executor and reports ask of a packing: a row of the table
/// `WeightPacking.rules`.
struct PackingRules {
  /// Name of the kernels that read it, for people.
  var kernel: StaticString
  /// Whether there are panels of several heights; the kernels' name then says which.
  var hasHeights = false
  /// The steps whose kernels read it.
  var servesConvolutions = false
  var servesLinear = false
  /// Whether every element of a weight is stored, so that its encoding is `dense`.
  var isDense: (VerifiedModel.Weight) -> Bool = { _ in false }
  /// Outputs of a Winograd tile each way.
  var tile: Int?
  /// Validates structure and sizes; returns how many bytes of values they need.
  var validate: (VerifiedModel.Weight, WeightStructure) throws(WeightFault) -> UInt64
  /// Whether what is stored keeps the block or N:M promise of the weight's encoding, whose numbers are
  /// sane. Scratch is zeros, and left as zeros where the promise is kept.
  var keeps: (WeightPromise, inout [UInt16]) -> Bool = { _, _ in false }
}

extension WeightPacking {
  /// The table of packings; all that differs between them stands in the file of each.
  var rules: PackingRules {
    switch self {
    case .panels: Panels.rules
    case .patternGroups: PatternGroups.rules
    case .slicedEllpack: SlicedEllpack.rules
    case .depthwise: Depthwise.rules
    case .rowPairs: RowPairs.rules
    case .nOfFour: NOfFour.rules
    case .bitmap: Bitmap.rules
    case .winograd2: Winograd.rules(tile: 2)
    case .winograd4: Winograd.rules(tile: 4)
    }
  }

  /// The feature bit of a file that uses this packing.
  public var featureBit: UInt64 { 1 << UInt64(rawValue) }

  /// Outputs of a Winograd tile each way; nil for other packings.
  public var winogradTile: Int? { rules.tile }

  /// Whether it is for products with vectors alone; then its panels have 16 rows.
  package var isForVectors: Bool { rules.servesLinear && !rules.servesConvolutions }

  /// Whether the kernels of a step read it.
  public func serves(_ step: StepKind) -> Bool {
    switch step {
    case .convolution: rules.servesConvolutions
    case .linear: rules.servesLinear
    default: false
    }
  }

  /// The name of a weight's form, as the command and the reports spell it: "dense", "winograd:4x4",
  /// "block:16x8", "vnm:4:2:4", "nm:2:4" or "unstructured".
  /// - Parameter pattern: The encoding's numbers, as the file has them.
  public func formName(_ encoding: WeightEncoding, _ pattern: InlineArray<3, Int>) -> String {
    if let tile = winogradTile { return "winograd:\(tile)x\(tile)" }
    return switch encoding {
    case .dense: "dense"
    case .block: "block:\(pattern[0])x\(pattern[1])"
    case .vectorwise: "vnm:\(pattern[2]):\(pattern[0]):\(pattern[1])"
    case .strict: "nm:\(pattern[0]):\(pattern[1])"
    case .unstructured: "unstructured"
    }
  }
}

#if !hasFeature(Embedded)
/// How a matrix is packed and unpacked. The board reads packed weights and does neither.
protocol MatrixPacker {
  /// Decides how a matrix is cut where the caller leaves that open, and lists what is stored.
  /// - Parameters:
  ///   - choice: What the caller wants.
  ///   - weight: Rows, columns and groups are there; gets the lists and the cut.
  /// - Returns: How many bytes of values there are.
  static func list<Element>(
    _ matrix: DenseMatrix<Element>, _ choice: PackingChoice, in weight: inout WeightDescription
  ) -> Int

  /// Writes the values of a matrix whose lists are there.
  /// - Parameter target: As many bytes as `list` has said, aligned for the elements; any content.
  static func write<Element>(
    _ matrix: DenseMatrix<Element>, as weight: WeightDescription,
    into target: UnsafeMutableRawBufferPointer)

  /// Puts what is stored where it was in the matrix, which is zero: as plainly as can be.
  /// - Returns: False where lists and values do not fit together.
  static func unpack<Element>(
    _ weight: WeightDescription, _ values: inout PackedValues<Element>,
    into matrix: inout DenseMatrix<Element>
  ) -> Bool
}

// The table again, of what only the host does: calls that the compiler can specialise.
extension WeightPacking {
  /// See `MatrixPacker.list`.
  func list<Element>(
    _ matrix: DenseMatrix<Element>, _ choice: PackingChoice, in weight: inout WeightDescription
  ) -> Int {
    switch self {
    case .panels: Panels.list(matrix, choice, in: &weight)
    case .patternGroups: PatternGroups.list(matrix, choice, in: &weight)
    case .slicedEllpack: SlicedEllpack.list(matrix, choice, in: &weight)
    case .depthwise, .winograd2, .winograd4: PlainRows.list(matrix, choice, in: &weight)
    case .rowPairs: RowPairs.list(matrix, choice, in: &weight)
    case .nOfFour: NOfFour.list(matrix, choice, in: &weight)
    case .bitmap: Bitmap.list(matrix, choice, in: &weight)
    }
  }

  /// See `MatrixPacker.write`.
  func write<Element>(
    _ matrix: DenseMatrix<Element>, as weight: WeightDescription,
    into target: UnsafeMutableRawBufferPointer
  ) {
    switch self {
    case .panels: unsafe Panels.write(matrix, as: weight, into: target)
    case .patternGroups: unsafe PatternGroups.write(matrix, as: weight, into: target)
    case .slicedEllpack: unsafe SlicedEllpack.write(matrix, as: weight, into: target)
    case .depthwise, .winograd2, .winograd4:
      unsafe PlainRows.write(matrix, as: weight, into: target)
    case .rowPairs: unsafe RowPairs.write(matrix, as: weight, into: target)
    case .nOfFour: unsafe NOfFour.write(matrix, as: weight, into: target)
    case .bitmap: unsafe Bitmap.write(matrix, as: weight, into: target)
    }
  }

  /// See `MatrixPacker.unpack`.
  func unpack<Element>(
    _ weight: WeightDescription, _ values: inout PackedValues<Element>,
    into matrix: inout DenseMatrix<Element>
  ) -> Bool {
    switch self {
    case .panels: Panels.unpack(weight, &values, into: &matrix)
    case .patternGroups: PatternGroups.unpack(weight, &values, into: &matrix)
    case .slicedEllpack: SlicedEllpack.unpack(weight, &values, into: &matrix)
    case .depthwise, .winograd2, .winograd4: PlainRows.unpack(weight, &values, into: &matrix)
    case .rowPairs: RowPairs.unpack(weight, &values, into: &matrix)
    case .nOfFour: NOfFour.unpack(weight, &values, into: &matrix)
    case .bitmap: Bitmap.unpack(weight, &values, into: &matrix)
    }
  }

  /// Name of the kernels that read it, for people: "panels of 8", "row pairs", "Winograd".
  public func kernelName(panelHeight: Int) -> String {
    rules.hasHeights ? "\(rules.kernel) of \(panelHeight)" : "\(rules.kernel)"
  }
}
#endif

func dividedUp(_ count: Int, _ by: Int) -> Int { count / by + (count % by == 0 ? 0 : 1) }
