import EspalierGraph

/// Integers of less than a byte, several in each byte, the first in the lowest bits.
///
/// No operator computes with them: they are read as the byte type that holds them, where what reads them
/// makes other numbers of them.
struct NarrowIntegers {
  let bits: Int
  let isSigned: Bool

  /// - Parameter dataType: ONNX's number; nil for types of whole bytes and unknown ones.
  init?(dataType: Int32) {
    switch dataType {
    case 21: (bits, isSigned) = (4, false)
    case 22: (bits, isSigned) = (4, true)
    case 25: (bits, isSigned) = (2, false)
    case 26: (bits, isSigned) = (2, true)
    default: return nil
    }
  }

  /// ONNX's.
  var name: String { (isSigned ? "INT" : "UINT") + "\(bits)" }

  var heldAs: ElementType { isSigned ? .int8 : .uint8 }

  /// Bytes of so many numbers.
  func byteCount(_ count: Int) -> Int { count / (8 / bits) + (count % (8 / bits) == 0 ? 0 : 1) }

  /// The numbers, one in each byte.
  /// - Parameter packed: As many bytes as the shape needs.
  func unpacked(_ packed: Tensor, shape: [Int]) -> Tensor {
    let bytes = packed.integers
    let (perByte, sign) = (8 / bits, Int64(1) << Int64(bits - 1))
    let numbers = (0..<shape.reduce(1, *)).map { index in
      let number = bytes[index / perByte] >> Int64(index % perByte * bits) & (2 * sign - 1)
      return isSigned && number >= sign ? number - 2 * sign : number
    }
    return Tensor(elementType: heldAs, shape: shape, integers: numbers)
  }
}

extension Graph {
  /// Checks that integers of less than a byte are read as such only by what makes other numbers of them.
  ///
  /// Whatever else would take them for the bytes that hold them: saturate at other bounds, or say their type.
  /// - Parameter narrow: The values that the file holds in such a type, by number, with the type's name.
  func problems(ofNarrow narrow: [ValueID: String]) -> [GraphError] {
    var (narrow, problems) = (narrow, [GraphError]())
    if narrow.isEmpty { return [] }
    for node in nodes {
      for (place, input) in node.dependencies.enumerated() {
        guard let input, let type = narrow[input] else { continue }
        if node.domain.isEmpty, place == 0, Self.movesElements.contains(node.operation) {
          for case let output? in node.outputs { narrow[output] = type }
        } else if !(node.domain.isEmpty
          && (node.operation == "DequantizeLinear" && place != 1
            || node.operation == "Cast"))
        {
          problems.append(
            GraphError(
              .badType,
              "reads \"\(values[input].name)\" of type \(type), which only DequantizeLinear and Cast do here",
              node: node.name))
        }
      }
    }
    for output in outputs {
      guard let type = narrow[output] else { continue }
      problems.append(
        GraphError(
          .badType, "outputs of type \(type) are not supported",
          node: "value \"\(values[output].name)\""))
    }
    return problems
  }

  /// Operators whose outputs are elements of their first input.
  private static let movesElements: Set<String> = [
    "Flatten", "Gather", "Identity", "Reshape", "Slice", "Squeeze", "Transpose", "Unsqueeze",
  ]
}
