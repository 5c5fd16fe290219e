import EspalierGraph
import EspalierModelFile
import EspalierSeeded
import Testing

@testable import EspalierLowering

/// Each tensor that is read has been written: checked between fusion and the file.
@Suite struct ProgramOrderTests {
  /// Three tensors: an input, what one step makes of it, and what another makes of that.
  private func chain() -> Program {
    var program = Program()
    for name in ["x", "between", "y"] {
      program.tensors.append(.init(name: name, type: TensorType(.float32, [4])))
    }
    for index in 0..<2 {
      program.steps.append(
        .init(
          kind: .unary, name: "step\(index)", operation: "Relu", inputs: [index],
          outputs: [index + 1], integers: [UnaryCode.relu.rawValue], floats: [0, 0]))
    }
    (program.inputs, program.outputs) = ([0], [2])
    return program
  }

  @Test func aTensorWithoutAWriterIsNamed() throws {
    try chain().checkOrder()
    var headless = chain()
    headless.steps.removeFirst()
    var turned = chain()
    turned.steps.swapAt(0, 1)
    var silent = chain()
    silent.steps.removeLast()
    for (program, node, tensor) in [
      (headless, "step1", "between"), (turned, "step1", "between"), (silent, "output \"y\"", "y"),
    ] {
      let error = #expect(throws: GraphError.self) { try program.checkOrder() }
      #expect(error?.code == .internalFault && error?.node == node)
      #expect(error?.message.contains("\"\(tensor)\"") == true)
    }
  }

  @Test func whatNobodyReadsAnyMoreFallsAway() throws {
    var editor = ProgramEditor(chain())
    #expect(editor.producer(2) == 1 && editor.soleProducer(1) == 0 && editor.soleReader(1) == 1)
    // The network reads y: a writer, but no step that reads it.
    #expect(editor.soleReader(2) == nil && editor.soleProducer(2) == 1)
    var joined = editor.program.steps[1]
    joined.inputs = [0]
    editor.replace(1, with: joined)
    #expect(editor.producer(1) == nil && editor.soleReader(0) == 1)
    let program = editor.finished()
    #expect(program.steps.map(\.name) == ["step1"])
    try program.checkOrder()
  }
}
