import EspalierGraph
import EspalierONNX
import Testing

/// Sparse tensors become dense ones when they are read.
@Suite struct SparseTensorTests {
  @Test func `linear and coordinate indices give the same dense initializer`() throws {
    let linear = sparse([1, 2, 3], [0, 4, 5], dims: [2, 3])
    let coordinates = sparse([1, 2, 3], [0, 0, 1, 1, 1, 2], shape: [3, 2], dims: [2, 3])
    for tensor in [linear, coordinates] {
      let found = try importONNX(bytes: reading(tensor).bytes)
      let value = try #require(found.values.first { $0.name == "w" })
      #expect(value.constant == Tensor([1, 0, 0, 0, 2, 3], shape: [2, 3]))
      #expect(value.shape == [.fixed(2), .fixed(3)])
    }
  }

  @Test func `values of every type of numbers are read`() throws {
    let all: [(ElementType, [UInt8])] = [
      (.int64, [7, 0, 0, 0, 0, 0, 0, 0]), (.int32, [7, 0, 0, 0]), (.uint8, [7]), (.bool, [1]),
      (.float16, [0, 0x47]), (.float64, [0, 0, 0, 0, 0, 0, 0x1C, 0x40]),
    ]
    for (type, raw) in all {
      let values = tensor("w", dims: [1], type: Int64(type.rawValue), raw: raw)
      let found = try importONNX(
        bytes: reading(sparse(values, indices([1], shape: [1]), dims: [3])).bytes)
      let constant = try #require(found.values.first { $0.name == "w" }?.constant)
      let wanted: [Double] = type == .bool ? [0, 1, 0] : [0, 7, 0]
      #expect(constant.elementType == type)
      #expect(constant.doubles == wanted, "\(type)")
    }
  }

  @Test func `a tensor without values is all zeros`() throws {
    let values = tensor("w", dims: [0], raw: [])
    for place in [nil, indices([], shape: [0]), indices([], shape: [0, 2])] {
      let found = try importONNX(bytes: reading(sparse(values, place, dims: [2, 2])).bytes)
      #expect(
        found.values.first { $0.name == "w" }?.constant == Tensor([0, 0, 0, 0], shape: [2, 2]))
    }
  }

  @Test func `a constant's sparse value becomes its value`() throws {
    let value = Message([
      (1, .text("sparse_value")), (22, .message(sparse([5], [1], dims: [2]))), (20, .number(11)),
    ])
    let source = graph(nodes: [
      node("Constant", [], ["w"], attributes: [value]), node("Mul", ["x", "w"], ["y"]),
    ])
    let found = try importONNX(bytes: model(graph: source).bytes)
    #expect(found.nodes[0].attributes == ["value": .tensor(Tensor([0, 5], shape: [2]))])
    let again = try importONNX(bytes: exportONNX(found))
    let results = try Interpreter(Specialised(again)).run(["x": Tensor([3, 4], shape: [2])])
    #expect(results["y"] == Tensor([0, 20], shape: [2]))
  }

  @Test(
    arguments: [
      ("an index beyond the end", sparse([1], [6], dims: [2, 3]), .badIndex),
      ("a negative index", sparse([1], [-1], dims: [2, 3]), .badIndex),
      ("the least index", sparse([1], [.min], dims: [2, 3]), .badIndex),
      ("an index twice", sparse([1, 2], [3, 3], dims: [2, 3]), .badIndex),
      ("indices out of order", sparse([1, 2], [4, 3], dims: [2, 3]), .badIndex),
      (
        "a coordinate beyond its axis", sparse([1], [0, 3], shape: [1, 2], dims: [2, 3]), .badIndex
      ),
      (
        "coordinates out of order", sparse([1, 2], [1, 0, 0, 2], shape: [2, 2], dims: [2, 3]),
        .badIndex
      ),
      (
        "coordinates twice", sparse([1, 2], [1, 0, 1, 0], shape: [2, 2], dims: [2, 3]), .badIndex
      ),
      ("fewer indices than values", sparse([1, 2], [0], dims: [2, 3]), .badShape),
      ("coordinates of another rank", sparse([1], [0], shape: [1, 1], dims: [2, 3]), .badShape),
      ("indices of three axes", sparse([1], [0], shape: [1, 1, 1], dims: [2, 3]), .badShape),
      ("no shape", sparse([1], [0], dims: []), .badShape),
      ("an extent of zero", sparse([1], [0], dims: [0, 3]), .badShape),
      ("a negative extent", sparse([1], [0], dims: [-2, 3]), .badShape),
      ("no indices", sparse(tensor("w", dims: [1], raw: [0, 0, 0, 0]), nil, dims: [2]), .badShape),
      (
        "values of two axes",
        sparse(
          tensor("w", dims: [1, 1], raw: [0, 0, 0, 0]), indices([0], shape: [1]), dims: [2]),
        .badType
      ),
      (
        "indices that are not int64",
        sparse(
          tensor("w", dims: [1], raw: [0, 0, 0, 0]),
          tensor("i", dims: [1], type: 6, raw: [0, 0, 0, 0]), dims: [2]), .badType
      ),
      (
        "text",
        sparse(
          tensor("w", dims: [1], type: 8, fields: [(6, .text("a"))]), indices([0], shape: [1]),
          dims: [2]), .badType
      ),
      ("a shape that overflows", sparse([1], [0], dims: [.max, .max]), .shapeTooLarge),
      ("a shape of 2^40", sparse([1], [0], dims: [1 << 20, 1 << 20]), .shapeTooLarge),
      ("a shape of 2^29", sparse([1], [0], dims: [1 << 29]), .shapeTooLarge),
    ] as [(String, Message, GraphError.Code)])
  func `a faulty sparse tensor is one error, by name`(
    _ what: String, _ tensor: Message, _ code: GraphError.Code
  ) {
    let found = problems(importing: reading(tensor))
    #expect(found.map(\.code) == [code], "\(what): \(found)")
    #expect(found.map(\.node) == ["sparse initializer \"w\""], "\(what)")
    let value = Message([(1, .text("sparse_value")), (22, .message(tensor)), (20, .number(11))])
    let constant = graph(nodes: [node("Constant", [], ["y"], name: "c", attributes: [value])])
    let inNode = problems(importing: model(graph: constant))
    #expect(inNode.map(\.code) == [code], "\(what): \(inNode)")
    #expect(inNode.map(\.node) == ["c"], "\(what)")
  }

  @Test func `many tensors of nothing may not fill memory`() {
    var source = graph(nodes: [node("Relu", ["x"], ["y"])])
    for number in 0..<6 {
      let values = tensor("w\(number)", dims: [0], raw: [])
      source.add(15, .message(sparse(values, nil, dims: [1 << 24])))
    }
    let found = problems(importing: model(graph: source))
    #expect(found.map(\.code) == [.shapeTooLarge, .shapeTooLarge])
  }

  @Test func `a name is given once`() {
    let source = graph(
      nodes: [node("Relu", ["x"], ["y"])],
      initializers: [tensor("w", dims: [1], raw: [0, 0, 0, 0])]
    ).adding(15, sparse([1], [0], dims: [2]))
    #expect(problems(importing: model(graph: source)).map(\.code) == [.duplicateName])
  }
}

private func reading(_ tensor: Message) -> Message {
  model(graph: graph(nodes: [node("Relu", ["x"], ["y"])]).adding(15, tensor))
}

private func sparse(
  _ values: [Float], _ places: [Int64], shape: [Int64]? = nil, dims: [Int64]
) -> Message {
  let raw = values.flatMap { value in
    (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
  }
  return sparse(
    tensor("w", dims: [Int64(values.count)], raw: raw),
    indices(places, shape: shape ?? [Int64(places.count)]), dims: dims)
}

private func sparse(_ values: Message, _ indices: Message?, dims: [Int64]) -> Message {
  var message = Message([(1, .message(values))])
  if let indices { message.add(2, .message(indices)) }
  for extent in dims { message.add(3, .number(extent)) }
  return message
}

private func indices(_ places: [Int64], shape: [Int64]) -> Message {
  tensor("i", dims: shape, type: 7, fields: places.map { (7, .number($0)) })
}
