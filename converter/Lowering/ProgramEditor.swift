/// A program while it is rewritten: who reads and who writes what is right after every rewrite.
struct ProgramEditor {
  private(set) var program: Program
  /// Steps that read a tensor or a view of it, once for each operand, and `network` for each output of
  /// the network; by storage.
  private var readers: [[Int]]
  private var writers: [[Int]]
  /// Whether a view of the tensor exists.
  private var isViewed: [Bool]
  private var removed: Set<Int> = []

  /// Stands among readers for the network itself.
  private static let network = -1

  init(_ program: Program) {
    self.program = program
    readers = Array(repeating: [], count: program.tensors.count)
    writers = readers
    isViewed = Array(repeating: false, count: program.tensors.count)
    for tensor in program.tensors { if let source = tensor.viewOf { isViewed[source] = true } }
    for (index, step) in program.steps.enumerated() { link(index, step) }
    for output in program.outputs { readers[storage(output)].append(Self.network) }
  }

  /// The program without the steps that fell away.
  func finished() -> Program {
    var result = program
    result.removeSteps(removed)
    return result
  }

  // MARK: Looking

  /// The tensor whose bytes a tensor has: itself, or what it is a view of.
  func storage(_ tensor: Program.TensorID) -> Program.TensorID {
    program.tensors[tensor].viewOf ?? tensor
  }

  /// The step that writes a tensor's storage, if only one does.
  func producer(_ tensor: Program.TensorID) -> Int? {
    let steps = writers[storage(tensor)]
    return steps.count == 1 ? steps[0] : nil
  }

  /// The step that reads a tensor's storage, if only one does, once, and the network does not.
  func soleReader(_ tensor: Program.TensorID) -> Int? {
    let steps = readers[storage(tensor)]
    return steps.count == 1 && steps[0] != Self.network ? steps[0] : nil
  }

  /// The step that writes a tensor's storage, where but one operand of one step reads that.
  func soleProducer(_ tensor: Program.TensorID) -> Int? {
    readers[storage(tensor)].count == 1 ? producer(tensor) : nil
  }

  /// Whether a tensor is a view or has one.
  func sharesStorage(_ tensor: Program.TensorID) -> Bool {
    program.tensors[tensor].viewOf != nil || isViewed[tensor]
  }

  // MARK: Rewriting

  mutating func add(constant: Program.ProgramTensor) -> Program.TensorID {
    program.tensors.append(constant)
    readers.append([])
    writers.append([])
    isViewed.append(false)
    return program.tensors.count - 1
  }

  /// Puts a step in the place of another. Steps whose results nobody reads any more fall away.
  mutating func replace(_ index: Int, with step: Program.Step) {
    let old = program.steps[index]
    unlink(index, old)
    program.steps[index] = step
    link(index, step)
    removeUnread(old.inputs)
  }

  /// Removes a step, and those before it whose results only it read.
  mutating func remove(_ index: Int) {
    guard removed.insert(index).inserted else { return }
    let old = program.steps[index]
    unlink(index, old)
    (program.steps[index].inputs, program.steps[index].outputs) = ([], [])
    program.steps[index].weight = nil
    removeUnread(old.inputs)
  }

  private mutating func removeUnread(_ tensors: [Program.TensorID?]) {
    for case let tensor? in tensors where readers[storage(tensor)].isEmpty {
      for writer in writers[storage(tensor)] {
        let isRead = program.steps[writer].outputs.contains { output in
          output.map { !readers[storage($0)].isEmpty } ?? false
        }
        if !isRead { remove(writer) }
      }
    }
  }

  private mutating func link(_ index: Int, _ step: Program.Step) {
    for case let input? in step.inputs { readers[storage(input)].append(index) }
    for case let output? in step.outputs { writers[storage(output)].append(index) }
  }

  private mutating func unlink(_ index: Int, _ step: Program.Step) {
    for case let input? in step.inputs { readers[storage(input)].removeAll { $0 == index } }
    for case let output? in step.outputs { writers[storage(output)].removeAll { $0 == index } }
  }
}
