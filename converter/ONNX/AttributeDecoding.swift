import EspalierGraph
import SwiftProtobuf

extension TensorDecoder {
  /// An attribute's value; a sparse tensor becomes dense, what we only carry
  /// stays in its serialised form.
  mutating func decode(_ proto: ProtoAttribute) throws(GraphError) -> Attribute {
    guard proto.refAttrName.isEmpty else {
      throw GraphError(
        .badAttribute, "attribute \"\(proto.name)\" refers to a function's attribute")
    }
    switch proto.effectiveKind {
    case .float where proto.hasF: return .float(proto.f)
    case .int where proto.hasI: return .integer(proto.i)
    case .string where proto.hasS: return .string([UInt8](proto.s))
    case .tensor where proto.hasT: return .tensor(try decode(proto.t))
    case .floats: return .floats(proto.floats)
    case .ints: return .integers(proto.ints)
    case .strings: return .strings(proto.strings.map { [UInt8]($0) })
    case .sparseTensor where proto.hasSparseTensor:
      return .tensor(try decode(proto.sparseTensor))
    case .tensors, .graph, .graphs, .sparseTensors, .typeProto, .typeProtos:
      guard let bytes: [UInt8] = try? proto.serializedBytes() else {
        throw GraphError(.badAttribute, "attribute \"\(proto.name)\" is malformed")
      }
      return .opaque(bytes)
    case .float, .int, .string, .tensor, .sparseTensor, .undefined, .UNRECOGNIZED:
      throw GraphError(.badAttribute, "attribute \"\(proto.name)\" has no value of its type")
    }
  }
}

extension ProtoAttribute {
  /// The name of the attribute that `decode` makes: a constant's sparse value has become a dense one.
  var decodedName: String {
    name == "sparse_value" && effectiveKind == .sparseTensor ? "value" : name
  }

  /// The declared kind; the kind of the value that is present where the file declares none.
  var effectiveKind: Kind {
    if type != .undefined { return type }
    if hasF { return .float }
    if hasI { return .int }
    if hasS { return .string }
    if hasT { return .tensor }
    if !ints.isEmpty { return .ints }
    if !floats.isEmpty { return .floats }
    if !strings.isEmpty { return .strings }
    if hasG { return .graph }
    if hasSparseTensor { return .sparseTensor }
    return .undefined
  }
}
