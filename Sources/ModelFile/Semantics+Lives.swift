extension VerifiedModel {
  /// That every step reads what was written, and that no two tensors share bytes of the arena while
  /// both live, but as `model.fbs` allows (section 4).
  func checkLives() throws(ModelFileError) {
    var lives = try Lives(self)
    try lives.checkSharing()
  }
}

/// When each storage of the arena lives, and what occupies the arena as steps go by.
private struct Lives {
  private let model: VerifiedModel
  /// For each tensor, its storage: itself, or what it is a view of.
  private var storage: [Int32] = []
  private var start: [UInt64] = []
  private var end: [UInt64] = []
  /// First step that writes and last that uses, by storage; inputs start at -1, outputs end behind
  /// the last step. What is never written starts at `never`.
  private var birth: [Int32]
  private var death: [Int32]
  private static let never = Int32.max

  init(_ model: VerifiedModel) throws(ModelFileError) {
    self.model = model
    birth = [Int32](repeating: Self.never, count: model.tensorCount)
    death = [Int32](repeating: -1, count: model.tensorCount)
    for index in 0..<model.tensorCount {
      let tensor = model.tensor(index)
      storage.append(tensor.isConstant ? -1 : Int32(tensor.viewOf ?? index))
      start.append(tensor.offset)
      end.append(tensor.offset + UInt64(tensor.byteCount))
    }
    for input in model.inputs { birth[Int(input)] = -1 }
    for step in 0..<model.stepCount { try follow(step) }
    for (position, output) in model.outputs.enumerated() where storage[Int(output)] >= 0 {
      let root = Int(storage[Int(output)])
      guard birth[root] != Self.never else {
        throw ModelFileError(.notWritten, at: .output(position), "no step writes this output")
      }
      death[root] = Int32(model.stepCount)
    }
  }

  private mutating func follow(_ index: Int) throws(ModelFileError) {
    let step = model.step(index)
    let now = Int32(index)
    for input in step.inputs where input >= 0 && storage[Int(input)] >= 0 {
      let root = Int(storage[Int(input)])
      guard birth[root] < now else {
        throw ModelFileError(
          .notWritten, at: .step(index), "the step reads a tensor that none before it writes")
      }
      death[root] = now
    }
    for output in step.outputs where output >= 0 {
      let root = Int(storage[Int(output)])
      guard birth[root] != -1 else {
        throw ModelFileError(.overlap, at: .step(index), "the step writes to an input of the model")
      }
      birth[root] = Swift.min(birth[root], now)
      death[root] = now
    }
    try checkOwnBytes(of: step, at: index)
  }

  /// Within one storage, what a step writes is apart from what it reads and else writes.
  private func checkOwnBytes(of step: VerifiedModel.Step, at index: Int) throws(ModelFileError) {
    for (slot, output) in step.outputs.enumerated() where output >= 0 {
      for other in step.outputs[(slot + 1)...] where other >= 0 {
        try checkApart(Int(output), Int(other), at: index)
      }
      for input in step.inputs where input >= 0 {
        try checkApart(Int(output), Int(input), at: index)
      }
    }
  }

  private func checkApart(_ one: Int, _ other: Int, at index: Int) throws(ModelFileError) {
    // Different storages are compared with all that lives, in `checkSharing`.
    guard storage[one] == storage[other] else { return }
    guard one != other, end[one] <= start[other] || end[other] <= start[one] else {
      throw ModelFileError(
        .overlap, at: .step(index), "the step writes bytes that it also reads or writes twice")
    }
  }

  mutating func checkSharing() throws(ModelFileError) {
    let roots = (0..<model.tensorCount).filter {
      Int(storage[$0]) == $0 && birth[$0] != Self.never && start[$0] < end[$0]
    }
    var occupancy = Occupancy(roots, start: start, end: end)
    let births = roots.sorted { birth[$0] < birth[$1] }
    let deaths = roots.sorted { death[$0] < death[$1] }
    var dead = 0
    for root in births {
      while dead < deaths.count, death[deaths[dead]] < birth[root] {
        occupancy.leave(deaths[dead])
        dead += 1
      }
      if let former = inPlace(root) { occupancy.leave(former) }
      guard occupancy.enter(root) else {
        throw ModelFileError(
          .overlap, at: .tensor(root), "the tensor shares bytes with another while both live")
      }
    }
  }

  /// The storage that the step which first writes `root` may write it over.
  private func inPlace(_ root: Int) -> Int? {
    guard birth[root] >= 0 else { return nil }
    let step = model.step(Int(birth[root]))
    guard let kind = step.kind, let output = step.output(0), Int(storage[output]) == root,
      isSame(output, root), let type = model.tensor(output).type
    else { return nil }
    for (slot, input) in step.inputs.enumerated() where input >= 0 && storage[Int(input)] >= 0 {
      let former = Int(storage[Int(input)])
      guard kind.mayWriteInPlace(over: slot), former != root, death[former] == birth[root],
        isSame(Int(input), former), isSame(former, root),
        model.tensor(Int(input)).type?.size == type.size
      else { continue }
      // Another input over the same bytes, say the image and the residual, would be overwritten
      // while it is still read.
      let isReadElsewhere = step.inputs.enumerated().contains { other, tensor in
        tensor >= 0 && Int(storage[Int(tensor)]) == former && !kind.mayWriteInPlace(over: other)
      }
      if !isReadElsewhere { return former }
    }
    return nil
  }

  private func isSame(_ one: Int, _ other: Int) -> Bool {
    start[one] == start[other] && end[one] == end[other]
  }
}

/// The storages that hold bytes of the arena at one time, found by where they start.
private struct Occupancy {
  private let start: [UInt64]
  private let end: [UInt64]
  /// Position of each storage's start among all starts, and who is there now.
  private var rank: [Int]
  private var occupant: [Int]
  private var ranks: RankSet

  init(_ roots: [Int], start: [UInt64], end: [UInt64]) {
    self.start = start
    self.end = end
    rank = [Int](repeating: 0, count: start.count)
    var count = 0
    var previous: Int?
    for root in roots.sorted(by: { start[$0] < start[$1] }) {
      if let previous, start[previous] != start[root] { count += 1 }
      rank[root] = count
      previous = root
    }
    occupant = [Int](repeating: -1, count: count + 1)
    ranks = RankSet(bound: count + 1)
  }

  /// False where some of the bytes are taken.
  mutating func enter(_ root: Int) -> Bool {
    if let before = ranks.last(upTo: rank[root]), end[occupant[before]] > start[root] {
      return false
    }
    if let after = ranks.first(above: rank[root]), start[occupant[after]] < end[root] {
      return false
    }
    occupant[rank[root]] = root
    ranks.insert(rank[root])
    return true
  }

  /// Does nothing where another already took the place.
  mutating func leave(_ root: Int) {
    guard occupant[rank[root]] == root else { return }
    occupant[rank[root]] = -1
    ranks.remove(rank[root])
  }
}
