package import EspalierGraph
package import EspalierModelFile

/// A network as the runtime will execute it: steps over dense row-major tensors, before packing.
///
/// Tensors and steps are numbered. Fusion rewrites steps; `ArenaLayout` then places tensors and
/// `Packing` turns weights into kernel-ready form.
package struct Program: Sendable {
  package typealias TensorID = Int

  package var tensors: [ProgramTensor] = []
  package var steps: [Step] = []
  package var inputs: [TensorID] = []
  package var outputs: [TensorID] = []

  /// One value at run time.
  package struct ProgramTensor: Sendable {
    package var name: String
    package var type: TensorType
    /// The value where it is known; such tensors live in the file and are never written.
    package var constant: Tensor?
    /// The tensor whose bytes these are under another shape; never a view itself.
    package var viewOf: TensorID?
  }

  /// The matrix of a convolution or linear layer, where it came from: `rows` by `columns` of float32.
  package struct Weight: Sendable {
    /// The elements, row by row; column by column where `isTransposed`. Their shape does not matter.
    private let elements: Tensor
    private let isTransposed: Bool
    /// What each row is multiplied by, one after the other.
    package private(set) var rowFactors: [[Float]] = []
    /// Output channels of all groups.
    package var rows: Int
    /// Inputs of one group: input channels by kernel taps, tap fastest.
    package var columns: Int
    package var groups: Int
    /// Kernel taps per input channel; 1 for a linear layer.
    package var taps: Int
    /// Columns the kernel works on at once: pixels or tokens. Few of them call for matrix-vector kernels.
    package var width: Int
    package var isDepthwise: Bool
    package var isLinear: Bool
    /// Height and width of the output of a convolution that Winograd's transforms can compute: 3 by 3
    /// taps, stride and dilation 1, one group.
    package var winogradMap: [Int]?
    /// The initializer the values came from; for reports.
    package var source: String
    /// Shape of the weight as the layer has it; for reports.
    package var shape: [Int]

    package init(
      _ elements: Tensor, isTransposed: Bool = false, rows: Int, columns: Int, groups: Int,
      taps: Int, width: Int, isDepthwise: Bool, isLinear: Bool = false, winogradMap: [Int]? = nil,
      source: String, shape: [Int]
    ) {
      precondition(elements.count == rows * columns, "elements do not fill the matrix")
      (self.elements, self.isTransposed) = (elements, isTransposed)
      (self.rows, self.columns) = (rows, columns)
      (self.groups, self.taps, self.width) = (groups, taps, width)
      (self.isDepthwise, self.isLinear) = (isDepthwise, isLinear)
      self.winogradMap = winogradMap
      (self.source, self.shape) = (source, shape)
    }

    package var count: Int { rows * columns }

    /// Whether it is the same matrix, from the same elements.
    func hasValues(of other: Weight) -> Bool {
      (rows, columns, groups, taps) == (other.rows, other.columns, other.groups, other.taps)
        && isTransposed == other.isTransposed && rowFactors == other.rowFactors
        && elements == other.elements
    }

    package mutating func scaleRows(by factors: [Float]) {
      precondition(factors.count == rows, "one factor for each row")
      rowFactors.append(factors)
    }

    /// The matrix, made anew each time: whoever has many weights holds few matrices.
    package func matrix() -> DenseMatrix<Float> {
      var values = elements.passingFloats()
      if isTransposed { values = transposedMatrix(values, rows: columns, columns: rows) }
      for factors in rowFactors {
        for row in 0..<rows {
          let factor = factors[row]
          for place in row * columns..<(row + 1) * columns { values[place] *= factor }
        }
      }
      return DenseMatrix(rows: rows, columns: columns, groups: groups, values: values)
    }

    /// Packs the matrix; its values are made when they are written.
    package func packed(_ choice: WeightChoice) -> WeightDescription {
      packed(matrix(), choice)
    }

    /// - Parameter matrix: The weight's own.
    func packed(_ matrix: DenseMatrix<Float>, _ choice: WeightChoice) -> WeightDescription {
      var weight = WeightDescription(
        listing: matrix, in: choice.packing,
        PackingChoice(
          choice.encoding, pattern: choice.pattern, panelHeight: choice.panelHeight, taps: taps)
      ) { [self] in self.matrix() }
      (weight.reason, weight.times) = (choice.reason, choice.times)
      return weight
    }
  }

  package struct Step: Sendable {
    package var kind: StepKind
    /// Source node and its ONNX operator.
    package var name: String
    package var operation: String
    package var inputs: [TensorID?]
    package var outputs: [TensorID?]
    package var integers: [Int] = []
    package var floats: [Float] = []
    package var weight: Weight?
    package var multiplyAccumulates = 0
  }
}

extension Program {
  /// Removes steps by their numbers, and then those whose results nobody reads any more.
  package mutating func removeSteps(_ numbers: Set<Int>) {
    steps = steps.enumerated().filter { !numbers.contains($0.offset) }.map(\.element)
    removeDeadSteps()
  }

  /// Drops steps whose outputs nobody reads.
  private mutating func removeDeadSteps() {
    var needed = Set(outputs.map { tensors[$0].viewOf ?? $0 })
    var kept: [Step] = []
    for step in steps.reversed() {
      guard step.outputs.contains(where: { $0.map(needed.contains) ?? false }) else { continue }
      for case let input? in step.inputs { needed.insert(tensors[input].viewOf ?? input) }
      kept.append(step)
    }
    steps = kept.reversed()
  }

  /// Checks what the arena's layout and the file rely on: each tensor that a step or the network reads is
  /// an input, a constant, or was written by a step before.
  /// - Throws: `internalFault`, which names step and tensor.
  func checkOrder() throws(GraphError) {
    var isWritten = tensors.map { $0.constant != nil }
    for input in inputs { isWritten[input] = true }
    func check(_ tensor: TensorID, _ reader: String) throws(GraphError) {
      guard isWritten[tensors[tensor].viewOf ?? tensor] else {
        throw GraphError(
          .internalFault,
          "lowering left tensor \(tensor), \"\(tensors[tensor].name)\", without a step that writes it; "
            + "this is a fault of Espalier, not of the model", node: reader)
      }
    }
    for step in steps {
      for case let input? in step.inputs { try check(input, step.name) }
      for case let output? in step.outputs { isWritten[tensors[output].viewOf ?? output] = true }
    }
    for output in outputs { try check(output, "output \"\(tensors[output].name)\"") }
  }
}
