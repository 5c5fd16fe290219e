import EspalierGraph
import EspalierLowering
import EspalierModelFile
import Foundation
import Testing

@testable import Espalier

/// Nothing is written that the loader, the weights' promises or the kernels' rules would refuse.
@Suite struct ConversionGateTests {
  /// Two layers, an activation between them that stays a step of its own.
  private func lowered() throws -> LoweredModel {
    var graph = Graph()
    graph.opset = 17
    let x = graph.addInput("x", TensorType(.float32, [1, 8]))
    let weights = [("v", 5), ("w", 7)].map { name, period in
      graph.addConstant(name, Tensor((0..<64).map { Float($0 % period) }, shape: [8, 8]))
    }
    let first = graph.addNode("MatMul", [x, weights[0]], name: "first")
    let wave = graph.addNode("Sin", [first], name: "wave")
    graph.outputs = [graph.addNode("MatMul", [wave, weights[1]], name: "last")]
    return try lower(Specialised(graph))
  }

  /// What `write` and `bytes` throw, having left nothing behind.
  private func refusal(_ fault: (inout ModelDescription) -> Void) throws -> EspalierError {
    var model = try lowered()
    fault(&model.description)
    let conversion = Conversion(model)
    let folder = NSTemporaryDirectory() + "espalier-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let error = try #require(throws: EspalierError.self) {
      try conversion.write(to: folder + "/model.esp")
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
    let other = try #require(throws: EspalierError.self) { try conversion.bytes() }
    #expect(other.exitCode == error.exitCode)
    return error
  }

  @Test func whatIsGoodIsWrittenAndLoads() throws {
    let path = NSTemporaryDirectory() + "espalier-\(UUID().uuidString).esp"
    defer { try? FileManager.default.removeItem(atPath: path) }
    let conversion = Conversion(try lowered())
    try conversion.write(to: path)
    #expect(try Array(Data(contentsOf: URL(fileURLWithPath: path))) == conversion.bytes())
    #expect(try loadModel(path).stepCount == 3)
  }

  /// Each gate in turn; the message names the code and the step.
  @Test func whatTheLoaderRefusesIsNotWritten() throws {
    let faults: [(String, String, (inout ModelDescription) -> Void)] = [
      ("E3016", "wave", { $0.steps.swapAt(0, 1) }),
      ("E3017", "last", { $0.tensors[2].placement = .arena(offset: 0) }),
      ("E3015", "last", { $0.steps[2].inputs[0] = 99 }),
      ("E3018", "last", { $0.weights[1].rows = 7 }),
      ("E3018", "first", { $0.weights[0].encoding = .unstructured }),
      ("E3021", "wave", { $0.steps[1].integers = [999] }),
      ("E3021", "first", { $0.steps[0].integers = [99] }),
    ]
    for (code, step, fault) in faults {
      let error = try refusal(fault)
      #expect(error.exitCode == 70)
      #expect(error.description.contains(code), "\(error)")
      #expect(error.description.contains(step), "\(error)")
    }
  }

  /// A weight stores what its encoding does not promise: loading need not notice, inspecting does.
  @Test func brokenPromisesAreNotWritten() throws {
    let error = try refusal { model in
      let matrix = model.weights[1]
      model.weights[1] = WeightDescription(
        encoding: .strict, packing: .slicedEllpack, rows: 1, columns: matrix.columns,
        panelHeight: 16,
        pattern: [1, 4, 1], nonzeroCount: 2, values: .floats((0..<32).map { $0 % 16 == 0 ? 1 : 0 }),
        counts: [2], columnLists: (0..<32).map { $0 == 16 ? 1 : 0 })
      model.tensors[model.steps[2].outputs[0]].dims = [1, 1]
    }
    #expect(error.exitCode == 70 && error.description.contains("E3018"), "\(error)")
  }

  /// A model that is beyond a limit is no fault of ours.
  @Test func limitsAreTheModels() throws {
    let error = try refusal { model in
      for index in model.tensors.indices where model.tensors[index].dims == [1, 8] {
        model.tensors[index].dims = [1 << 40, 8]
      }
    }
    #expect(error.exitCode == 65 && error.description.contains("E3010"), "\(error)")
  }
}
