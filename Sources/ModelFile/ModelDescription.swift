#if !hasFeature(Embedded)
/// Everything that goes into a model file; `bytes()` and `write(to:)` make one.
public struct ModelDescription: Sendable {
  public var tensors: [TensorDescription] = []
  public var steps: [StepDescription] = []
  public var weights: [WeightDescription] = []
  /// The elements of constants, whose types their tensors tell.
  public var constants: [ValueBytes] = []
  /// Numbers of tensors, in the source graph's order.
  public var inputs: [Int] = []
  public var outputs: [Int] = []
  /// The program that writes the file.
  public var producer: String = ""
  /// What the file is made from.
  public var source: String = ""
  /// What the weights' times were measured on; empty where they were not.
  public var device: String = ""

  public init() {}
}

/// Where a tensor lies.
public enum TensorPlacement: Sendable, Hashable {
  /// In the arena, so many bytes from its start; a multiple of 64.
  case arena(offset: Int)
  /// In the file; the number of a constant.
  case constant(Int)
  /// In the bytes of another tensor of the arena that is no view itself, so many bytes from its
  /// start, a multiple of 64: a reshape or a part. Writing or reading it is writing or reading that.
  case view(of: Int, offset: Int)
}

public struct TensorDescription: Sendable {
  public var name: String
  public var type: ElementCode
  public var dims: [Int]
  public var placement: TensorPlacement

  public init(name: String, type: ElementCode, dims: [Int], placement: TensorPlacement) {
    self.name = name
    self.type = type
    self.dims = dims
    self.placement = placement
  }
}

public struct StepDescription: Sendable {
  public var kind: StepKind
  /// The source node and its ONNX operator.
  public var name: String
  public var operation: String
  /// Numbers of tensors; -1 for one left out.
  public var inputs: [Int]
  public var outputs: [Int]
  public var integers: [Int64]
  public var floats: [Float]
  public var weight: Int?
  /// Multiplications of the dense layer.
  public var multiplyAccumulates: UInt64

  public init(
    kind: StepKind, name: String = "", operation: String = "", inputs: [Int], outputs: [Int],
    integers: [Int64] = [], floats: [Float] = [], weight: Int? = nil,
    multiplyAccumulates: UInt64 = 0
  ) {
    self.kind = kind
    self.name = name
    self.operation = operation
    self.inputs = inputs
    self.outputs = outputs
    self.integers = integers
    self.floats = floats
    self.weight = weight
    self.multiplyAccumulates = multiplyAccumulates
  }
}

/// A packed weight; `Packings/<Name>.swift` specifies what each packing needs.
public struct WeightDescription: Sendable {
  public var encoding: WeightEncoding
  public var packing: WeightPacking
  public var rows: Int
  public var columns: Int
  public var groups: Int
  public var panelHeight: Int
  public var panelsPerList: Int
  public var columnBlock: Int
  /// The encoding's numbers (O I for blocks; N M V), filled up with zeros to three.
  public var pattern: [Int]
  public var nonzeroCount: UInt64
  /// The type of the values.
  public var element: ElementCode
  public var values: ValueBytes
  public var counts: [UInt32]
  /// Column lists; the file stores 16 bits each where `columns` allows.
  public var columnLists: [UInt32]
  public var stream: [UInt16]
  /// Why this encoding, in a sentence.
  public var reason: String
  /// What the step took as chosen, and with the weight dense; nil where it was not measured.
  public var times: MeasuredTimes?

  public init(
    encoding: WeightEncoding, packing: WeightPacking, rows: Int, columns: Int, groups: Int = 1,
    panelHeight: Int = 0, panelsPerList: Int = 0, columnBlock: Int = 0, pattern: [Int] = [],
    nonzeroCount: UInt64, element: ElementCode = .f32, values: ValueBytes, counts: [UInt32] = [],
    columnLists: [UInt32] = [], stream: [UInt16] = [], reason: String = "",
    times: MeasuredTimes? = nil
  ) {
    self.encoding = encoding
    self.packing = packing
    self.rows = rows
    self.columns = columns
    self.groups = groups
    self.panelHeight = panelHeight
    self.panelsPerList = panelsPerList
    self.columnBlock = columnBlock
    self.pattern = pattern
    self.nonzeroCount = nonzeroCount
    self.element = element
    self.values = values
    self.counts = counts
    self.columnLists = columnLists
    self.stream = stream
    self.reason = reason
    self.times = times
  }
}
#endif
