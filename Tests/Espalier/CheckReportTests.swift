import EspalierGraph
import Foundation
import Testing

@testable import Espalier

/// `espalier check`: a row for each cause, with every node that has it, whatever is known of extents.
@Suite struct CheckReportTests {
  private func report(_ bytes: Data) throws -> CheckReport {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).onnx").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try bytes.write(to: URL(fileURLWithPath: path))
    return try CheckReport(contentsOf: path)
  }

  /// Twice the same node, one behind the other and a Relu between, or both at the input.
  private func twice(
    _ operation: String, _ element: ElementType = .float32, shape: [Int], isOpen: Bool,
    domain: String = "", attributes: [String: Attribute] = [:], weights: [[Int]] = [],
    isChain: Bool = true
  ) throws -> Data {
    var graph = Graph()
    graph.opset = 17
    let x = graph.addInput("x", TensorType(element, shape))
    if isOpen {
      graph.values[x].shape = shape.indices.map { axis in
        axis == 0 || shape[axis] > 3 ? .symbol("n\(axis)") : .fixed(shape[axis])
      }
    }
    let held = weights.enumerated().map { place, shape in
      graph.addConstant(
        "w\(place)", Tensor([Float](repeating: 1, count: shape.reduce(1, *)), shape: shape))
    }
    func add(_ input: Graph.ValueID, _ name: String) -> Graph.ValueID {
      let made = graph.addNode(operation, [input] + held, name: name, attributes: attributes)
      graph.nodes[graph.nodes.count - 1].domain = domain
      return made
    }
    let first = add(x, "first")
    graph.outputs =
      isChain ? [add(graph.addNode("Relu", [first]), "second")] : [first, add(x, "second")]
    if !domain.isEmpty { graph.metadata.opsets.append((domain, 1)) }
    for output in graph.outputs { graph.values[output].elementType = element }
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).onnx").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try graph.write(to: path)
    return try Data(contentsOf: URL(fileURLWithPath: path))
  }

  /// A row of the report, without those of unknown extents.
  private func only(_ report: CheckReport) throws -> CheckReport.Problem {
    let problems = report.problems.filter { $0.code != "E1009" }
    #expect(problems.count == 1)
    return try #require(problems.first)
  }

  private func check(
    _ data: Data, _ code: String, _ message: String, isOpen: Bool
  ) throws {
    let report = try report(data)
    let row = try only(report)
    #expect(row.code == code && row.message.contains(message))
    #expect(row.nodes == ["first", "second"] && row.node == "first")
    #expect(row.remedy != nil || row.message.contains("; "))
    #expect(report.problems.contains { $0.code == "E1009" } == isOpen)
  }

  @Test(arguments: [false, true]) func anOperator(isOpen: Bool) throws {
    try check(
      twice("Frobnicate", shape: [1, 4], isOpen: isOpen), "E1001", "Frobnicate", isOpen: isOpen)
    try check(
      twice("Frobnicate", shape: [1, 4], isOpen: isOpen, domain: "com.example"), "E1001",
      "of domain \"com.example\"", isOpen: isOpen)
  }

  @Test(arguments: [false, true]) func anAttribute(isOpen: Bool) throws {
    try check(
      twice("Elu", shape: [1, 4], isOpen: isOpen, attributes: ["odd": .integer(1)]), "E1003",
      "\"odd\"", isOpen: isOpen)
    // An axis is judged with the shape alone.
    try check(
      twice(
        "Softmax", shape: [1, 4], isOpen: isOpen, attributes: ["axis": .integer(5)], isChain: false),
      "E1003", "axis 5", isOpen: isOpen)
  }

  @Test(arguments: [false, true]) func anElementType(isOpen: Bool) throws {
    try check(
      twice("Sin", .int64, shape: [1, 4], isOpen: isOpen, isChain: false), "E1007", "int64",
      isOpen: isOpen)
  }

  @Test(arguments: [false, true]) func aRank(isOpen: Bool) throws {
    try check(
      twice(
        "Conv", shape: [1, 1, 4, 4, 4, 4], isOpen: isOpen, weights: [[1, 1, 1, 1, 1, 1]]),
      "E1002", "over 4 axes", isOpen: isOpen)
  }

  @Test(arguments: [false, true]) func aShapeThatDataDecide(isOpen: Bool) throws {
    try check(
      twice("NonZero", .int64, shape: [1, 4], isOpen: isOpen, isChain: false), "E1008",
      "follows the values", isOpen: isOpen)
  }

  // MARK: Files that are refused when they are read

  private func field(_ number: Int, _ bytes: [UInt8]) -> [UInt8] {
    var length: [UInt8] = []
    var rest = bytes.count
    while rest > 127 {
      length.append(UInt8(rest % 128 + 128))
      rest /= 128
    }
    return [UInt8(number << 3 | 2)] + length + [UInt8(rest)] + bytes
  }

  private func number(_ field: Int, _ value: UInt8) -> [UInt8] { [UInt8(field << 3), value] }

  /// A Relu of each of two inputs, of any element type and opset.
  private func file(elementType: UInt8, opset: UInt8) -> Data {
    func value(_ name: String) -> [UInt8] {
      let tensor = number(1, elementType) + field(2, field(1, number(1, 4)))
      return field(1, Array(name.utf8)) + field(2, field(1, tensor))
    }
    var graph = field(2, Array("g".utf8))
    for (input, output) in [("a", "b"), ("c", "d")] {
      graph += field(
        1,
        field(1, Array(input.utf8)) + field(2, Array(output.utf8)) + field(4, Array("Relu".utf8)))
      graph += field(11, value(input)) + field(12, value(output))
    }
    return Data(number(1, 8) + field(8, number(2, opset)) + field(7, graph))
  }

  @Test func aTypeOfInputsThatIsNotRead() throws {
    let row = try only(report(file(elementType: 14, opset: 17)))
    #expect(row.code == "E1007" && row.message.contains("COMPLEX64"))
    #expect(row.nodes == ["a", "c", "b", "d"].map { "value \"\($0)\"" })
  }

  @Test func anOpsetThatIsNotRead() throws {
    let row = try only(report(file(elementType: 1, opset: 99)))
    #expect(row.code == "E1002" && row.message.contains("opset 99; export the model with"))
    #expect(try report(file(elementType: 1, opset: 17)).problems.isEmpty)
  }

  @Test func whatIsNoModelIsNoRow() {
    #expect(throws: EspalierError.self) { try report(Data("PK\u{3}\u{4}".utf8)) }
  }

  @Test func heldNodesOfOneCauseAreOneSentence() throws {
    let report = try report(twice("Frobnicate", shape: [1, 4], isOpen: false))
    #expect(report.held.count == 2)
    #expect(
      OpaqueNode.sentences(report.held) == [
        "\"first\" (Frobnicate) and 1 more are held: operator Frobnicate is not supported; so is 1 "
          + "node behind them"
      ])
  }
}
