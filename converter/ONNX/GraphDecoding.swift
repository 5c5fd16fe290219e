import EspalierGraph
import SwiftProtobuf

/// Builds a `Graph` of a decoded model and collects every problem on the way.
struct GraphDecoder {
  static let supportedOpsets = 7...28
  static let supportedVersions: ClosedRange<Int64> = 3...14

  private(set) var graph = Graph()
  var problems: [GraphError] = []
  private var tensors: TensorDecoder
  private var identifiers: [String: Graph.ValueID] = [:]
  private let folder: String?
  /// Values that the file holds as integers of less than a byte, with their type's name.
  private var narrow: [Graph.ValueID: String] = [:]
  private let initializers: InitializerBytes?
  /// Whether this is a graph inside a node, which may read what is outside.
  private let isInside: Bool

  /// - Parameter initializers: What was cut out of the model before it was decoded; nil for a graph
  ///   inside a node.
  init(folder: String?, initializers: InitializerBytes?) {
    isInside = initializers == nil
    tensors = TensorDecoder(
      folder: folder,
      sparseAllowance: isInside ? 1 << 12 : TensorDecoder.maximumSparseByteCount)
    self.folder = folder
    self.initializers = initializers
  }

  /// The graph of a model. Consumes the model, so that weights are not held twice.
  mutating func decode(_ model: consuming ProtoModel) throws(ImportFailure) -> Graph {
    guard model.hasGraph else {
      throw ImportFailure([GraphError(.badFile, "the model contains no graph")])
    }
    decodeFacts(of: model)
    var inlining = FunctionInlining(model.functions, opsets: model.opsetImport)
    var source = model.graph
    model.clearGraph()
    source.node = inlining.inlined(source)
    problems += inlining.problems
    decodeContents(of: &source)
    decodeOpset()
    problems += graph.validate()
    guard problems.isEmpty else {
      // Once for each cause: a call that could not be inlined is no operator either.
      let named = Set(problems.map(\.node))
      let unsupported = graph.unsupportedOperators().filter { !named.contains($0.node) }
      throw ImportFailure(problems + unsupported)
    }
    graph.expandComposites()
    return graph
  }

  /// Values and nodes, the latter in topological order where there is one.
  mutating func decodeContents(of source: inout ProtoGraph) {
    graph.name = source.name
    decodeInitializers(of: &source)
    declareValues(of: source)
    decodeNodes(source.node)
    noteCaptures(of: source.node)
    graph.outputs = source.output.map { identifier(of: $0.name) }
    if let order = try? graph.topologicalOrder() { graph.nodes = order.map { graph.nodes[$0] } }
    problems += graph.problems(ofNarrow: narrow)
  }

  private mutating func noteNarrow(_ dataType: Int32, _ id: Graph.ValueID?) {
    guard let type = NarrowIntegers(dataType: dataType), let id else { return }
    narrow[id] = type.name
  }

  private mutating func decodeFacts(of model: ProtoModel) {
    graph.metadata.irVersion = model.irVersion
    graph.metadata.producerName = model.producerName
    graph.metadata.producerVersion = model.producerVersion
    graph.metadata.domain = model.domain
    graph.metadata.modelVersion = model.modelVersion
    graph.metadata.documentation = model.docString
    graph.metadata.properties = model.metadataProps.map { ($0.key, $0.value) }
    if !Self.supportedVersions.contains(model.irVersion) {
      problems.append(
        GraphError(
          .unsupportedVariant,
          "file format version \(model.irVersion); versions \(Self.supportedVersions) are read"))
    }
    for opset in model.opsetImport {
      graph.metadata.opsets.append(
        (standardDomain(opset.domain), Int(opset.version)))
    }
  }

  /// Takes the version of ONNX's own operators, once the nodes are known.
  private mutating func decodeOpset() {
    let versions = Set(graph.metadata.opsets.filter { $0.domain.isEmpty }.map(\.version)).sorted()
    if let version = versions.first, versions.count == 1 {
      graph.opset = version
      if Self.supportedOpsets.contains(version) { return }
      let changed = Set(graph.nodes.map(\.operation)).filter {
        unchangedSince[$0].map { version < $0 } ?? true
      }
      if version > 0, version < Self.supportedOpsets.lowerBound, changed.isEmpty { return }
    }
    let found = versions.isEmpty ? "none" : versions.map(String.init).joined(separator: ", ")
    problems.append(
      GraphError(
        .unsupportedVariant,
        "opset \(found); export the model with one of opsets \(Self.supportedOpsets)"))
  }

  private mutating func decodeInitializers(of source: inout ProtoGraph) {
    var protos = source.initializer
    source.initializer = []
    let initializers = initializers
    for index in protos.indices {
      let proto = protos[index]
      protos[index] = ProtoTensor()  // Frees the bytes once this tensor is converted.
      addInitializer(proto.name, "initializer", index) { tensors throws(GraphError) in
        try tensors.decode(proto, initializer: index, of: initializers)
      }
      noteNarrow(proto.dataType, identifiers[proto.name])
    }
    for (index, proto) in source.sparseInitializer.enumerated() {
      addInitializer(proto.values.name, "sparse initializer", index) { tensors throws(GraphError) in
        try tensors.decode(proto)
      }
    }
  }

  private mutating func addInitializer(
    _ name: String, _ kind: String, _ index: Int,
    _ decode: (inout TensorDecoder) throws(GraphError) -> Tensor
  ) {
    guard !name.isEmpty, identifiers[name] == nil else {
      problems.append(
        GraphError(
          .duplicateName,
          name.isEmpty
            ? "\(kind) \(index) has no name" : "two initializers are called \"\(name)\""))
      return
    }
    do throws(GraphError) {
      identifiers[name] = graph.addConstant(name, try decode(&tensors))
    } catch {
      problems.append(error.at("\(kind) \"\(name)\""))
      // Known by name, so that its readers are not reported as well.
      identifiers[name] = graph.addConstant(name, Tensor([], shape: [0]))
    }
  }

  private mutating func declareValues(of source: ProtoGraph) {
    for input in source.input {
      let isConstant = identifiers[input.name].map { graph.values[$0].constant != nil } ?? false
      // Files of early versions list initializers among the inputs.
      if isConstant { continue }
      let id = identifier(of: input.name)
      graph.inputs.append(id)
      declare(input, as: id, isInterface: true)
    }
    for output in source.output {
      declare(output, as: identifier(of: output.name), isInterface: !isInside)
    }
    for value in source.valueInfo where !value.name.isEmpty {
      declare(value, as: identifier(of: value.name), isInterface: false)
    }
  }

  /// Notes a declared type; faults in one count where callers rely on it, at inputs and outputs.
  private mutating func declare(_ info: ProtoValueInfo, as id: Graph.ValueID, isInterface: Bool) {
    guard graph.values[id].constant == nil, info.hasType else { return }
    func fault(_ code: GraphError.Code, _ message: String) {
      guard isInterface else { return }
      problems.append(GraphError(code, message, node: "value \"\(info.name)\""))
    }
    guard info.type.hasTensorType else {
      // Carried, for operators that are carried as well.
      guard let bytes: [UInt8] = try? info.type.serializedBytes(), !bytes.isEmpty else {
        return fault(.badType, "has a type that says nothing")
      }
      graph.values[id].opaqueType = bytes
      return
    }
    let declared = info.type.tensorType
    guard let type = ElementType(rawValue: declared.elemType) else {
      let error = ElementType.unsupported(declared.elemType)
      return fault(error.code, error.message)
    }
    guard declared.hasShape else {
      graph.values[id].elementType = type
      return
    }
    guard declared.shape.dim.count <= TensorType.maximumRank else {
      return fault(.badShape, "a rank of \(declared.shape.dim.count) is too high")
    }
    var shape: [Graph.Dimension] = []
    for dimension in declared.shape.dim {
      switch dimension.value {
      // Some exporters write -1 for what is free.
      case .dimValue(-1)?: shape.append(.unknown)
      case .dimValue(let extent)? where extent < 0 || extent > TensorType.maximumCount:
        return fault(.badShape, "an extent of \(extent) is not possible")
      case .dimValue(let extent)?: shape.append(.fixed(Int(extent)))
      case .dimParam(let name)? where !name.isEmpty: shape.append(.symbol(name))
      case .dimParam?, nil: shape.append(.unknown)
      }
    }
    graph.values[id].elementType = type
    graph.values[id].shape = shape
  }

  private mutating func decodeNodes(_ protos: [ProtoNode]) {
    var names = UniqueNames()
    for proto in protos {
      let domain = standardDomain(proto.domain)
      let name = names.unused(proto.label)
      var attributes: [String: Attribute] = [:]
      for attribute in proto.attribute {
        do throws(GraphError) {
          let name = attribute.decodedName
          guard attributes[name] == nil else {
            throw GraphError(.duplicateName, "attribute \"\(name)\" is given twice")
          }
          attributes[name] = try tensors.decode(attribute)
        } catch {
          problems.append(error.at(name))
        }
      }
      var node = Graph.Node(
        name: name, operation: proto.opType, domain: domain,
        inputs: proto.input.map { $0.isEmpty ? nil : identifier(of: $0) },
        outputs: proto.output.map { $0.isEmpty ? nil : identifier(of: $0) },
        attributes: attributes)
      for attribute in proto.attribute where attribute.hasT && proto.opType == "Constant" {
        noteNarrow(attribute.t.dataType, node.outputs.first ?? nil)
      }
      if domain.isEmpty, ["If", "Loop", "Scan"].contains(proto.opType) {
        node.subgraphs = proto.subgraphs(folder: folder)
      }
      graph.nodes.append(node)
    }
  }

  /// Notes the values of this graph that subgraphs of its nodes read by name.
  private mutating func noteCaptures(of protos: [ProtoNode]) {
    for (index, proto) in protos.enumerated() {
      var names: [String] = []
      for attribute in proto.attribute {
        for subgraph in attribute.subgraphs { names += outerNames(subgraph) }
      }
      var seen: Set<Graph.ValueID> = []
      // What this graph lacks, one around it may have.
      let known = names.compactMap { isInside ? identifier(of: $0) : identifiers[$0] }
      graph.nodes[index].captures = known.filter { seen.insert($0).inserted }
    }
  }

  private mutating func identifier(of name: String) -> Graph.ValueID {
    if let known = identifiers[name] { return known }
    let id = graph.add(Graph.Value(name: name))
    identifiers[name] = id
    return id
  }
}

/// The domain by its usual name: ONNX's own has two.
func standardDomain(_ domain: String) -> String { domain == "ai.onnx" ? "" : domain }
