import Espalier
import EspalierGraph
import EspalierONNX
import EspalierPruning
import Foundation
import Testing

/// Small models of what deployed networks have, each an ONNX test case under `Cases/`; the outputs are
/// onnxruntime's, without optimisations.
@Suite struct CaseTests {
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().appending(path: "Cases").path
  static let names =
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()

  /// What is not done yet, and must fail so as long as it stands here.
  private static let open = ["pillars_nms": "NonMaxSuppression"]

  /// What goes wrong with the case's own data, in the reference and on the runtime.
  private func difference(_ path: String) -> String? {
    for onRuntime in [false, true] {
      do {
        let result = try Verification(
          ofCase: path, onRuntime: onRuntime, tolerance: Tolerance())
        if let output = result.outputs.first(where: { !$0.pass }) {
          return "\(onRuntime ? "runtime" : "reference"): \(output.name) \(output.reason ?? "")"
        }
      } catch {
        return "\(onRuntime ? "runtime" : "reference"): \(error)"
      }
    }
    return nil
  }

  @Test(arguments: names) func `computes what onnxruntime does`(name: String) {
    let failure = difference("\(Self.folder)/\(name)")
    if let cause = Self.open[name] {
      #expect(failure?.contains(cause) == true)
    } else {
      #expect(failure == nil)
    }
  }

  /// The same inputs, or with every free axis three times as long.
  private func inputs(_ graph: Graph, _ path: String, isLong: Bool) throws -> [String: Tensor] {
    var values: [String: Tensor] = [:]
    for (index, input) in graph.inputs.enumerated() {
      let file = "\(path)/test_data_set_0/input_\(index).pb"
      guard FileManager.default.fileExists(atPath: file) else { continue }
      var tensor = try importTensor(contentsOf: file).tensor
      for (axis, extent) in (graph.values[input].shape ?? []).enumerated() where isLong {
        if case .fixed = extent { continue }
        tensor = tensor.repeated(3, along: axis)
      }
      values[graph.values[input].name] = tensor
    }
    return values
  }

  /// What is wrong with a pruned case, at its own extents and at others; `nil` where nothing is.
  private func pruningFault(_ path: String) -> String? {
    do {
      let graph = try Graph(contentsOf: "\(path)/model.onnx")
      let own = try inputs(graph, path, isLong: false)
      var step = ChannelStep(budget: .channels(share: 0.3))
      step.pruner.alignment = 1
      // Weights drawn at random need not leave a network that answers as before.
      let pruned = try graph.pruned(
        by: Recipe([.channels(step)]), inputShapes: own.mapValues(\.shape), wantsReference: true,
        force: true)
      // At its own extents the dense model must run, or nothing would be compared.
      _ = try graph.run(own)
      for values in [own, try inputs(graph, path, isLong: true)] {
        // What the dense model does not take at other extents, nobody has to.
        guard (try? graph.run(values)) != nil else { continue }
        let verification = Verification(
          Dictionary(try pruned.graph.run(values).map { ($0.name, $0.tensor) }) { $1 },
          against: try pruned.reference!.run(values).map { ($0.name, $0.tensor) },
          tolerance: Tolerance(relative: 0, absolute: nil))
        if let output = verification.outputs.first(where: { !$0.pass }) {
          return "\(output.name) \(output.reason ?? "")"
        }
      }
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// Cases that lose no channel, with what the refusal says.
  private static let unpruned: [String: String] = {
    let ends = "gives; axis 1 of \"w\" is held: extent of the graph output \"y\""
    let scale = "axis 0 of \"s\" is held: extent of the graph input \"x\""
    return [
      "deconv_pad_over_kernel": ends, "if_shape_condition": ends, "reverse_sequence": ends,
      "layernorm_bias_broadcast": scale, "layernorm_scale_broadcast": scale,
      "layernorm_scale_per_head": scale, "rmsnorm_scale_broadcast": scale,
      "minus_one_batch": "graph output \"y\"", "sparse_few_rows": "graph output \"y\"",
      "zero_gemm": "graph output \"y\"", "shared_weight_direct": "graph input \"x\"",
      "resize_empty_roi_groups": "an axis without elements",
      "einsum_attention": "no channels", "masked_row": "no channels",
      "nonpad_causal": "no channels",
      "softcap_causal": "no channels", "two_attentions": "no channels",
      "dynamic_quantised_lstm": "gates of a recurrent layer",
      "dynamic_quantised_matmul": "MatMulInteger",
      "if_scalar_input": "(If) is held", "loop_rnn": "(Loop) is held",
      "nonzero_constant_shape": "no channels",
    ]
  }()

  @Test(arguments: names) func `pruned computes what its masked original does`(name: String) {
    let fault = pruningFault("\(Self.folder)/\(name)")
    if let cause = Self.open[name] {
      #expect(fault?.contains(cause) == true)
    } else if let cause = Self.unpruned[name] {
      #expect(fault?.contains("no channel can go") == true && fault?.contains(cause) == true)
    } else {
      #expect(fault == nil)
    }
  }

  @Test func `there are cases, and those listed as open are among them`() {
    #expect(Self.names.count == 48)
    #expect(Set(Self.open.keys).isSubset(of: Self.names))
  }
}

extension Tensor {
  /// The tensor so many times, one behind the other along an axis.
  fileprivate func repeated(_ count: Int, along axis: Int) -> Tensor {
    let inner = shape[axis...].reduce(1, *)
    var values: [Double] = []
    let own = doubles
    for start in stride(from: 0, to: own.count, by: max(inner, 1)) {
      for _ in 0..<count { values += own[start..<start + inner] }
    }
    var result = shape
    result[axis] *= count
    return Tensor(elementType: elementType, shape: result, doubles: values)
  }
}
