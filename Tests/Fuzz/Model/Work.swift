import EspalierModelFile

/// About how many numbers a step reads and writes, so that a file which honestly asks for much is told
/// from one whose work nothing bounds: of those below the limit none may take long.
func work(of step: VerifiedModel.Step, in file: VerifiedModel) -> Double {
  func count(_ tensor: Int?) -> Double {
    tensor.map { Double(file.tensor($0).elementCount) } ?? 0
  }
  func product(_ numbers: some Sequence<Int64>) -> Double {
    numbers.reduce(1) { $0 * max(Double($1), 1) }
  }
  let numbers = Array(step.integers)
  let inputs = step.inputs.indices.map { count(step.input($0)) }
  let written = step.outputs.indices.reduce(0) { $0 + count(step.output($1)) }
  let touched = inputs.reduce(written, +)
  guard let kind = step.kind else { return 0 }
  switch kind {
  case .convolution, .linear:
    guard let weight = step.weight.map({ file.weight($0) }), weight.rows > 0 else { return touched }
    let stored = max(Double(weight.valueCount), Double(weight.rows) * Double(weight.columns))
    return touched + written / Double(weight.rows) * stored
  case .matrixProduct:
    let a = step.input(0).map { file.tensor($0) }
    guard let a, a.rank >= 2, numbers.count == 3 else { return touched }
    return touched + written * Double(a.extent(a.rank - (numbers[0] == 0 ? 1 : 2)))
  case .pool:
    // A window is clipped to its input.
    let axes = numbers.count > 1 ? Int(clamping: numbers[1]) : 0
    return touched + written * min(product(numbers.dropFirst(2).prefix(axes)), inputs.first ?? 0)
  case .convolutionPlain:
    let outputs = step.input(1).map { file.tensor($0) }.map { $0.rank > 0 ? $0.extent(0) : 1 } ?? 1
    return touched + written * (inputs.count > 1 ? inputs[1] : 0) / Double(max(outputs, 1))
  case .contract:
    let rank = numbers.first.map { Int(clamping: $0) } ?? 0
    return touched + product(numbers.dropFirst(2).prefix(min(max(rank, 0), 16)))
  case .attention: return touched + product(numbers.prefix(4)) * 128
  case .localResponse:
    let x = step.input(0).map { file.tensor($0) }
    let channels = x.map { $0.rank > 1 ? Double($0.extent(1)) : 1 } ?? 1
    return touched + written * min(channels, product(numbers))
  case .recurrent:
    // Each position of each sequence takes its part of both matrices.
    let x = step.input(0).map { file.tensor($0) }
    let rows = x.map { $0.rank > 1 ? Double($0.extent(0)) * Double($0.extent(1)) : 1 } ?? 1
    return touched + rows * (inputs.count > 2 ? inputs[1] + inputs[2] : 0)
  case .resample: return touched + written * (inputs.count > 1 ? inputs[1] : 0)
  case .gridSample: return touched + written * 64
  case .topK: return touched * 16
  default: return touched
  }
}
