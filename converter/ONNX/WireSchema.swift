/// The messages of `onnx.proto` as the scan walks them: which fields may nest, and how each is written.
enum WireMessage {
  case model, operatorSet, stringEntry, function
  case graph, node, attribute, tensor, segment, sparseTensor
  case valueInfo, type, tensorType, shape, dimension, mapType, elementType

  /// How a field of this message is written; `nil` for fields that are skipped.
  func kind(ofField number: UInt64) -> WireKind? {
    switch self {
    case .model:
      switch number {
      case 1, 5: .varint
      case 2, 3, 4, 6: .text
      case 7: .message(.graph)
      case 8: .message(.operatorSet)
      case 14: .message(.stringEntry)
      case 25: .message(.function)
      default: nil
      }
    case .operatorSet: number == 1 ? .text : number == 2 ? .varint : nil
    case .stringEntry: number == 1 || number == 2 ? .text : nil
    case .function:
      switch number {
      case 1, 4, 5, 6, 10, 13: .text
      case 7: .message(.node)
      case 9: .message(.operatorSet)
      case 11: .message(.attribute)
      default: nil
      }
    case .graph:
      switch number {
      case 1: .message(.node)
      case 2, 10: .text
      case 5: .message(.tensor)
      case 11, 12, 13: .message(.valueInfo)
      case 15: .message(.sparseTensor)
      default: nil
      }
    case .node:
      switch number {
      case 1, 2, 3, 4, 6, 7, 8: .text
      case 5: .message(.attribute)
      default: nil
      }
    case .attribute: attributeKind(ofField: number)
    case .tensor: tensorKind(ofField: number)
    case .segment: number == 1 || number == 2 ? .varint : nil
    case .sparseTensor:
      switch number {
      case 1, 2: .message(.tensor)
      case 3: .packedVarints
      default: nil
      }
    case .valueInfo, .type, .tensorType, .shape, .dimension, .mapType, .elementType:
      typeKind(ofField: number)
    }
  }

  private func attributeKind(ofField number: UInt64) -> WireKind? {
    switch number {
    case 1, 13, 21: .text
    case 2: .fixed32
    case 3, 20: .varint
    case 4, 9: .bytes
    case 5, 10: .message(.tensor)
    case 6, 11: .message(.graph)
    case 7: .packedFixed32
    case 8: .packedVarints
    case 14, 15: .message(.type)
    case 22, 23: .message(.sparseTensor)
    default: nil
    }
  }

  private func tensorKind(ofField number: UInt64) -> WireKind? {
    switch number {
    case 1, 5, 7, 11: .packedVarints
    case 2, 14: .varint
    case 3: .message(.segment)
    case 4: .packedFixed32
    case 6, 9: .bytes
    case 8, 12: .text
    case 10: .packedFixed64
    case 13: .message(.stringEntry)
    default: nil
    }
  }

  private func typeKind(ofField number: UInt64) -> WireKind? {
    switch (self, number) {
    case (.valueInfo, 1), (.valueInfo, 3), (.dimension, 2): .text
    case (.valueInfo, 2), (.elementType, 1), (.mapType, 2): .message(.type)
    case (.type, 1), (.type, 8): .message(.tensorType)
    case (.type, 4), (.type, 9): .message(.elementType)
    case (.type, 5): .message(.mapType)
    case (.tensorType, 1), (.dimension, 1), (.mapType, 1): .varint
    case (.tensorType, 2): .message(.shape)
    case (.shape, 1): .message(.dimension)
    default: nil
    }
  }
}

/// How a field is written on the wire.
enum WireKind {
  case varint, fixed32
  case text, bytes
  /// Repeated numbers, packed into one field or one field each.
  case packedVarints, packedFixed32, packedFixed64
  case message(WireMessage)

  func accepts(_ wireType: UInt64) -> Bool {
    switch self {
    case .varint: wireType == 0
    case .fixed32: wireType == 5
    case .text, .bytes, .message: wireType == 2
    case .packedVarints: wireType == 0 || wireType == 2
    case .packedFixed32: wireType == 5 || wireType == 2
    case .packedFixed64: wireType == 1 || wireType == 2
    }
  }
}
