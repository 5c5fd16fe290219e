package import EspalierGraph

extension Graph {
  /// What whoever converts or runs the graph should know, a sentence each.
  /// - Parameters:
  ///   - inputShapes: Shapes of inputs that the file leaves open, by name.
  ///   - given: Inputs whose shapes are those of values that are given.
  package func warnings(
    inputShapes: [String: [Int]], given: Set<String> = []
  ) -> [String] {
    assumptions(inputShapes: inputShapes, given: given) + weightWarnings + quantisedWarnings
  }

  /// What open extents are taken for where nobody has said.
  package func assumptions(
    inputShapes: [String: [Int]], given: Set<String> = []
  ) -> [String] {
    let open = assumedBatches(inputShapes).filter { !given.contains($0.input) }
    guard let first = open.first else { return [] }
    let axes = open.map { "axis 0 of input \"\($0.input)\" (\($0.symbol))" }
    return [
      "\(axes.joined(separator: ", ")) is left open by the file and taken as 1; "
        + "--input-shape \(first.input)=\(first.example) says another"
    ]
  }

  /// Weights with values from which no result comes: NaN anywhere, infinity where it is multiplied.
  package var weightWarnings: [String] {
    var readers: [ValueID: Node] = [:]
    for node in nodes {
      for case let input? in node.inputs where readers[input] == nil { readers[input] = node }
    }
    return values.indices.compactMap { id in
      guard let tensor = values[id].constant, tensor.elementType.isFloatingPoint,
        let reader = readers[id], let fault = tensor.nonFinite,
        fault.isNaN || Self.products.contains(reader.operation)
      else { return nil }
      return "weight \"\(values[id].name)\" of layer \"\(reader.name)\" has \(fault)"
    }
  }

  /// Operators whose weights are multiplied; elsewhere infinity may be a mask.
  private static let products: Set = [
    "Conv", "ConvTranspose", "Gemm", "MatMul", "LSTM", "GRU", "RNN", "BatchNormalization",
    "FusedConv", "Einsum", "Mul",
  ]

  /// That quantised weights gain nothing here but their size in the ONNX file.
  private var quantisedWarnings: [String] {
    let layers = nodes.filter { node in
      Self.quantised.contains(node.operation)
        && node.inputs.contains { id in
          guard let tensor = id.flatMap({ values[$0].constant }) else { return false }
          return !tensor.elementType.isFloatingPoint && tensor.rank >= 2
        }
    }
    guard let first = layers.first else { return [] }
    return [
      "quantised weights (\(layers.count), the first at \"\(first.name)\") are computed with in "
        + "float32 and take 4 bytes each: there are no kernels of int8"
    ]
  }

  private static let quantised: Set = [
    "DequantizeLinear", "QLinearConv", "QLinearMatMul", "ConvInteger", "MatMulInteger",
    "MatMulNBits", "DynamicQuantizeLSTM", "DynamicQuantizeMatMul", "MatMulIntegerToFloat",
  ]
}

/// How many values of a tensor are no numbers.
package struct NonFinite: CustomStringConvertible {
  var nan = 0
  var infinite = 0
  var count: Int

  package var isNaN: Bool { nan > 0 }

  package var description: String {
    let parts = [(nan, "NaN"), (infinite, "infinite")].filter { $0.0 > 0 }
    return parts.map { "\($0) \($1)" }.joined(separator: " and ") + " among \(count) values"
  }
}

extension Tensor {
  /// What of the tensor is NaN or infinite; nil where nothing is.
  package var nonFinite: NonFinite? {
    switch elementType {
    case .float32, .float16, .bfloat16: Self.nonFinite(floats)
    case .float64: Self.nonFinite(doubles)
    default: nil
    }
  }

  private static func nonFinite<Number: BinaryFloatingPoint>(_ values: [Number]) -> NonFinite? {
    // Of finite numbers the differences are 0, and the loop has no branches.
    var sum: Number = 0
    for value in values { sum += value - value }
    guard sum != 0 else { return nil }
    var result = NonFinite(count: values.count)
    for value in values where !value.isFinite {
      if value.isNaN { result.nan += 1 } else { result.infinite += 1 }
    }
    return result
  }
}
