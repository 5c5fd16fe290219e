internal import EspalierGraph
import EspalierModelFile

/// Where each tensor lies in the arena: offline, by lifetimes, so that the runtime never allocates.
///
/// Tensors that share bytes (views, and results written over an operand that is not needed again) form
/// one *storage*. Storages are placed largest first at the lowest offset that is free for their whole
/// lifetime (greedy best fit by size, as in Pisarchyk and Lee, "Efficient Memory Management for Deep
/// Neural Net Inference", 2020).
package struct ArenaLayout: Sendable {
  /// Byte offset of each tensor; nil for constants and tensors without a use.
  package private(set) var offsets: [Int?]
  package private(set) var arenaByteCount = 0

  package static let alignment = 64

  package init(_ program: Program) {
    var storages = Storages(program)
    storages.mergeInPlace(program)
    offsets = Array(repeating: nil, count: program.tensors.count)
    let placed = storages.place()
    for tensor in program.tensors.indices where program.tensors[tensor].constant == nil {
      offsets[tensor] = placed[storages.root(tensor)]
    }
    for (root, offset) in placed {
      arenaByteCount = max(arenaByteCount, offset + storages.byteCount[root])
    }
  }
}

/// Sets of tensors that share bytes, with the steps during which those bytes matter.
private struct Storages {
  private var parent: [Int]
  private(set) var byteCount: [Int]
  /// First step that writes (−1 for inputs) and last that reads; of the root.
  private var first: [Int]
  private var last: [Int]
  private var isConstant: [Bool]

  init(_ program: Program) {
    let count = program.tensors.count
    parent = Array(0..<count)
    byteCount = program.tensors.map { tensor in
      let bytes = tensor.type.count * max(tensor.type.elementType.byteCount, 1)
      return (max(bytes, 1) + ArenaLayout.alignment - 1) / ArenaLayout.alignment
        * ArenaLayout.alignment
    }
    isConstant = program.tensors.map { $0.constant != nil }
    first = Array(repeating: Int.max, count: count)
    last = Array(repeating: -2, count: count)
    for input in program.inputs {
      first[input] = -1
      last[input] = -1
    }
    for (index, step) in program.steps.enumerated() {
      for case let tensor? in step.inputs { last[tensor] = max(last[tensor], index) }
      for case let tensor? in step.outputs {
        first[tensor] = min(first[tensor], index)
        last[tensor] = max(last[tensor], index)
      }
    }
    for output in program.outputs { last[output] = program.steps.count }
    for tensor in program.tensors.indices {
      if let source = program.tensors[tensor].viewOf { unite(source, tensor) }
    }
  }

  func root(_ tensor: Int) -> Int {
    var tensor = tensor
    while parent[tensor] != tensor { tensor = parent[tensor] }
    return tensor
  }

  private mutating func unite(_ a: Int, _ b: Int) {
    let (a, b) = (root(a), root(b))
    guard a != b else { return }
    parent[b] = a
    byteCount[a] = max(byteCount[a], byteCount[b])
    first[a] = min(first[a], first[b])
    last[a] = max(last[a], last[b])
  }

  /// Lets a step write over an operand whose storage is not read afterwards.
  mutating func mergeInPlace(_ program: Program) {
    var writers = [Int](repeating: 0, count: program.tensors.count)
    for step in program.steps {
      for case let tensor? in step.outputs { writers[tensor] += 1 }
    }
    for (index, step) in program.steps.enumerated() {
      guard let output = step.outputs.first ?? nil, writers[output] == 1 else { continue }
      let target = root(output)
      guard first[target] == index else { continue }
      for operand in step.inputs.indices where step.kind.mayWriteInPlace(over: operand) {
        guard let tensor = step.inputs[operand], !isConstant[tensor] else { continue }
        let source = root(tensor)
        let others = step.inputs.enumerated().contains { position, other in
          position != operand && other.map { root($0) == source } ?? false
        }
        guard source != target, !others, last[source] == index, first[source] < index,
          program.tensors[tensor].type.shape == program.tensors[output].type.shape,
          program.tensors[tensor].type.elementType.byteCount
            == program.tensors[output].type.elementType.byteCount
        else { continue }
        unite(source, target)
        break
      }
    }
  }

  /// An offset for each root that is used.
  func place() -> [Int: Int] {
    let roots = parent.indices
      .filter { parent[$0] == $0 && !isConstant[$0] && first[$0] <= last[$0] }
      .sorted { (byteCount[$0], $1) > (byteCount[$1], $0) }
    var offsets: [Int: Int] = [:]
    var placed: [(root: Int, offset: Int)] = []
    for root in roots {
      var candidate = 0
      for other in placed where first[other.root] <= last[root] && first[root] <= last[other.root] {
        if candidate + byteCount[root] <= other.offset { break }
        candidate = max(candidate, other.offset + byteCount[other.root])
      }
      offsets[root] = candidate
      let position = placed.firstIndex { $0.offset > candidate } ?? placed.count
      placed.insert((root, candidate), at: position)
    }
    return offsets
  }
}
