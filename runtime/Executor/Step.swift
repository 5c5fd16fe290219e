internal import EspalierModelFile

/// One step of the file, its lists copied out.
struct Step {
  var kind: StepKind
  /// Numbers of tensors, negative for one left out.
  var inputs: [Int]
  var outputs: [Int]
  var integers: [Int64]
  var floats: [Float]
  var weight: Int?

  /// What stands before the first step is bound.
  static var none: Step {
    Step(kind: .fill, inputs: [], outputs: [], integers: [], floats: [], weight: nil)
  }
}
