import EspalierCoupling
import EspalierGraph
import EspalierOperatorCases
import EspalierSeeded

/// An operator's case between layers whose every axis may shrink.
///
/// Each input that varies comes from a linear layer of one number, scaled by the case's own values, so
/// that these stay what the operator takes: positive, whole, within a table. Each output is weighed
/// in full and summed. The layers' constants are as large as the tensors between them and fix no axis,
/// so whatever is held is held by the operator, and whatever its map lets pass is a group.
struct CaseNetwork: CustomStringConvertible {
  let node: OperatorCase
  /// The inputs that layers compute; the file holds the others.
  let varying: Set<Int>
  let graph: Graph
  /// Whether the operator makes real numbers of others that are computed.
  let isReal: Bool

  var description: String { "\(node), computed inputs \(varying.sorted())" }

  /// Numbers each output is weighed into: where one sum cancels, another does not.
  private static let sums = 3

  /// The networks of a case: with all inputs computed that may be, and with each of them alone, which
  /// makes the others parameters.
  static func all(_ node: OperatorCase) -> [CaseNetwork] {
    let candidates = node.inputs.indices.filter { node.inputs[$0] != nil }.filter {
      !node.decisive.contains($0)
    }
    guard let types = try? node.types(knowing: Set(node.inputs.indices)) else { return [] }
    return Set([Set(candidates)] + candidates.map { [$0] })
      .filter { !$0.isEmpty }
      .sorted { $0.sorted().lexicographicallyPrecedes($1.sorted()) }
      .map { CaseNetwork(node, varying: $0, types) }
  }

  private init(_ node: OperatorCase, varying: Set<Int>, _ types: [TensorType]) {
    self.node = node
    self.varying = varying
    isReal =
      varying.contains(0) && node.inputs[0]!.elementType.isFloatingPoint
      && types.contains { $0.elementType.isFloatingPoint }
    var graph = Graph()
    graph.opset = node.opset
    var random = Seeded(seed: 3)
    let ids = node.inputs.enumerated().map { index, tensor -> Graph.ValueID? in
      guard let tensor else { return nil }
      guard varying.contains(index) else { return graph.addConstant("c\(index)", tensor) }
      return Self.layer(of: tensor, index, &graph, &random)
    }
    let outputs = graph.addNode(
      node.kind.rawValue, ids, outputs: node.outputs, name: "y", attributes: node.attributes)
    graph.outputs = zip(outputs, types).map { Self.weighed($0, $1, &graph, &random) }
    self.graph = graph
  }

  private static func cast(
    _ value: Graph.ValueID, to type: ElementType, _ graph: inout Graph
  ) -> Graph.ValueID {
    graph.addNode("Cast", [value], attributes: ["to": .integer(Int64(type.rawValue))])
  }

  /// `values * (0.9 + weights * x)` with weights to 0.1: each value keeps its sign and at least four
  /// fifths of its size, and no two change alike, which a normalisation would not see.
  private static func layer(
    of values: Tensor, _ index: Int, _ graph: inout Graph, _ random: inout Seeded
  ) -> Graph.ValueID {
    let type = values.elementType
    // Whole numbers are cut, not rounded: with 0.4 more none becomes 0.
    let more = type.isFloatingPoint || type == .bool ? 0 : 0.4
    let numbers = values.doubles.map { Float($0 + ($0 == 0 ? 0 : $0 < 0 ? -more : more)) }
    let x = graph.addInput("x\(index)", TensorType(.float32, []))
    let weights = graph.addConstant("weights\(index)", random.tensor(values.shape, scale: 0.1))
    let bias = graph.addConstant("bias\(index)", Tensor([0.9], shape: []))
    let scales = graph.addConstant("scales\(index)", Tensor(numbers, shape: values.shape))
    let sum = graph.addNode("Add", [graph.addNode("Mul", [x, weights]), bias])
    let product = graph.addNode("Mul", [sum, scales])
    return type == .float32 ? product : cast(product, to: type, &graph)
  }

  private static func weighed(
    _ output: Graph.ValueID, _ type: TensorType, _ graph: inout Graph, _ random: inout Seeded
  ) -> Graph.ValueID {
    var y = type.elementType == .float32 ? output : cast(output, to: .float32, &graph)
    if !type.elementType.isFloatingPoint {
      // Truths and positions may be 0 everywhere, and would hide what is missing.
      y = graph.addNode(
        "Add", [y, graph.addConstant("half\(output)", Tensor([0.5], shape: []))])
    }
    let weights = graph.addConstant("w\(output)", random.tensor([sums] + type.shape))
    let products = graph.addNode("Mul", [y, weights])
    guard type.rank > 0 else { return products }
    let axes = (1...type.rank).map { Int64($0) }
    if graph.opset < 13 {
      return graph.addNode(
        "ReduceSum", [products], attributes: ["axes": .integers(axes), "keepdims": .integer(0)])
    }
    let list = graph.addConstant("axes\(output)", Tensor(integers: axes))
    return graph.addNode("ReduceSum", [products, list], attributes: ["keepdims": .integer(0)])
  }
}

/// What coupling makes of a network around a case.
enum CaseVerdict {
  /// Why an operator holds every axis it touches.
  enum Hold: String {
    /// An axis without elements, of which nothing can go.
    case empty
    /// It has no map.
    case unmapped
    case byMap
  }

  /// Groups pass the operator: it can be pruned and compared.
  case prunable(Coupling)
  case held(Hold)
  /// The case says nothing about channels, for this reason.
  case skipped(String)

  init(_ network: CaseNetwork) throws {
    let specialised = try Specialised(network.graph)
    guard let node = specialised.graph.nodes.first(where: { $0.name == "y" }) else {
      self = .skipped("types alone decide its outputs")
      return
    }
    let coupling = Coupling(of: specialised)
    let (algebra, values) = (coupling.algebra, (node.inputs + node.outputs).compactMap { $0 })
    let axes = values.compactMap { coupling.valueAxes[$0] }.joined()
    if !axes.contains(where: { algebra.size($0) != 1 }) {
      self = .skipped("no axis of more than one element")
    } else if coupling.groups.contains(where: { $0.size > 1 }) {
      let outputs = try Oracle(network.graph).dense
      let isZero = outputs.allSatisfy { $0.doubles.allSatisfy { $0 == 0 } }
      self = isZero ? .skipped("every output is 0") : .prunable(coupling)
    } else if values.contains(where: { specialised.types[$0]?.count == 0 }) {
      self = .held(.empty)
    } else {
      let reasons = axes.flatMap { algebra.leaves($0).compactMap(algebra.reason) }
      let isUnmapped = reasons.contains { if case .unmapped = $0 { true } else { false } }
      self = .held(isUnmapped ? .unmapped : .byMap)
    }
  }
}
