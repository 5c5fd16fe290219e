// Part of the module EspalierONNX in fuzzed builds alone.
internal import EspalierGraph

/// Changes to a model's messages: numbers, names, types and lists of any field, and whole messages that
/// are left out, doubled, or put where another of their kind stood.
struct WireMutation {
  var random: Random
  /// Names and other texts of the model, to be used elsewhere.
  private var texts: [[UInt8]] = []
  /// Messages of the model, to be used elsewhere.
  private var messages: [WireTree] = []

  init(seed: UInt64) { random = Random(state: seed) }

  /// Lets a model's parts be used in mutations that follow.
  mutating func collect(_ tree: WireTree) {
    for field in tree.fields {
      switch field.content {
      case .message(let message):
        messages.append(message)
        collect(message)
      case .bytes(let bytes) where field.kind?.isText ?? false: texts.append(bytes)
      default: break
      }
    }
  }

  mutating func change(_ model: inout WireTree) {
    if random.oneIn(6) {
      changeExtents(in: &model)
    } else {
      var place = random.below(model.fieldCount)
      changeField(at: &place, in: &model)
    }
    if !random.oneIn(4) { fillTensors(in: &model) }
  }

  // MARK: Fields

  /// Changes the field that is `place` fields further, in the order of the file.
  private mutating func changeField(at place: inout Int, in tree: inout WireTree) {
    for index in tree.fields.indices {
      if place == 0 {
        place = -1
        if random.oneIn(5) {
          changeList(at: index, in: &tree)
        } else {
          change(&tree.fields[index], of: tree.type)
        }
        return
      }
      place -= 1
      guard case .message(var message) = tree.fields[index].content else { continue }
      changeField(at: &place, in: &message)
      if place < 0 {
        tree.fields[index].content = .message(message)
        return
      }
    }
  }

  /// A field is left out, doubled, moved, or another of the model's messages comes beside it.
  private mutating func changeList(at index: Int, in tree: inout WireTree) {
    switch random.below(5) {
    case 0, 1: tree.fields.remove(at: index)
    case 2: tree.fields.insert(tree.fields[index], at: index)
    case 3: tree.fields.swapAt(index, random.below(tree.fields.count))
    default:
      // A field of a message of the same kind, such as an attribute or an input of another node.
      let donors = messages.filter { $0.type == tree.type && !$0.fields.isEmpty }
      guard !donors.isEmpty else { return }
      tree.fields.append(random.pick(random.pick(donors).fields))
    }
  }

  private mutating func change(_ field: inout WireField, of message: WireMessage) {
    switch field.content {
    case .varint(let old): field.content = .varint(number(old))
    case .fixed32: field.content = .fixed32(random.pick(Self.floats))
    case .fixed64(let old): field.content = .fixed64(number(old))
    case .message(let old):
      let others = messages.filter { $0.type == old.type }
      if !others.isEmpty { field.content = .message(random.pick(others)) }
    case .bytes(let old):
      switch field.kind {
      case .packedVarints: field.content = .bytes(changedList(old))
      case .packedFixed32, .packedFixed64, .bytes: field.content = .bytes(changedElements(old))
      case .text: field.content = .bytes(text(of: message, field.number))
      default: field.content = .bytes(changedElements(old))
      }
    }
  }

  private mutating func text(of message: WireMessage, _ field: UInt64) -> [UInt8] {
    if message == .node, field == 4, !random.oneIn(8) {
      return Array(random.pick(OperatorKind.allCases).rawValue.utf8)
    }
    if random.oneIn(3) { return Array(random.pick(Self.words).utf8) }
    if random.oneIn(20) { return [0xFF, 0xFE, 0x1B] }
    return texts.isEmpty ? [] : random.pick(texts)
  }

  // MARK: Numbers

  private mutating func number(_ old: UInt64) -> UInt64 {
    switch random.below(6) {
    case 0: old &+ 1
    case 1: old &- 1
    case 2: random.oneIn(2) ? old &* 2 : old / 2
    case 3: 0 &- old
    case 4: UInt64(random.below(12))
    default: UInt64(bitPattern: random.pick(Self.edges))
    }
  }

  /// A packed list of varints with one changed, more or fewer.
  private mutating func changedList(_ bytes: [UInt8]) -> [UInt8] {
    var rest = bytes[...]
    var numbers: [UInt64] = []
    while let number = takeVarint(&rest) { numbers.append(number) }
    let place = random.below(numbers.count)
    switch numbers.isEmpty ? 0 : random.below(6) {
    case 0: if numbers.count < 64 { numbers.insert(number(0), at: random.below(numbers.count + 1)) }
    case 1: numbers.remove(at: place)
    case 2: numbers.swapAt(place, random.below(numbers.count))
    default: numbers[place] = number(numbers[place])
    }
    var result: [UInt8] = []
    for number in numbers { putVarint(number, to: &result) }
    return result
  }

  /// Elements of 4 or 8 bytes, some of them edges; or more or fewer of them.
  private mutating func changedElements(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    switch random.below(8) {
    case 0: bytes.removeLast(random.below(bytes.count + 1))
    case 1: bytes += [UInt8](repeating: 0, count: random.below(16))
    default:
      let size = random.oneIn(2) ? 8 : 4
      guard bytes.count >= size else { return bytes }
      for _ in 0...random.below(3) {
        let value =
          size == 4 ? UInt64(random.pick(Self.floats)) : UInt64(bitPattern: random.pick(Self.edges))
        var element: [UInt8] = []
        putFixed(value, size, to: &element)
        let place = random.below(bytes.count / size) * size
        bytes.replaceSubrange(place..<place + size, with: element)
      }
    }
    return bytes
  }

  // MARK: Shapes

  /// One extent becomes another wherever it stands in shapes.
  private mutating func changeExtents(in model: inout WireTree) {
    let extents = model.extents
    guard !extents.isEmpty else { return }
    let old = random.pick(extents)
    let fresh = random.oneIn(5) ? number(old) : UInt64(random.below(9))
    model.replaceExtents(old, by: fresh)
  }

  /// Gives tensors as many bytes as their shapes say.
  private func fillTensors(in tree: inout WireTree) {
    tree.fillTensors()
  }

  private static let edges: [Int64] = [
    0, 1, 2, 3, 4, 5, 7, 8, 16, 31, 32, 63, 64, 65, 255, 256, 1023, 65_535, 65_536, -1, -2, -3, -8,
    999, 1 << 31, (1 << 31) - 1, -(1 << 31), 1 << 32, 1 << 40, 1 << 62, -(1 << 62), .max, .min,
    .max - 1, .min + 1, 1_000_000_000_000,
  ]
  private static let floats: [UInt32] = [
    0, 0x3F80_0000, 0xBF80_0000, 0x3F00_0000, 0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 0x7149_F2CA,
    0xF149_F2CA, 1, 0x7F7F_FFFF, 0x322B_CC77, 0x4000_0000, 0x42C8_0000, 0x8000_0000,
  ]
  private static let words = [
    "", "linear", "cubic", "nearest", "SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET", "reflect",
    "edge",
    "wrap", "constant", "ij,jk->ik", "...i,...->", "ii->i", "i->iiiiiii", "bidirectional",
    "reverse",
    "DCR", "CRD", "tanh", "none", "add", "mul", "max", "asymmetric", "tf_crop_and_resize", "floor",
    "b...ij,b...jk->b...ik", "->", ",,,->", "ab,bc,cd,de,ef->af", "com.microsoft", "ai.onnx",
    "axis",
    "axes", "pads", "strides", "dilations", "group", "to", "perm", "kernel_shape", "alpha",
    "then_branch",
  ]
}

extension WireKind {
  fileprivate var isText: Bool { if case .text = self { true } else { false } }
}
