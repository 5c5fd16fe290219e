import EspalierGraph

/// Whether two lists of numbers agree within a rounding of single precision.
func near(_ a: [Float], _ b: [Float], within tolerance: Float = 1e-5) -> Bool {
  a.count == b.count
    && zip(a, b).allSatisfy { $0 == $1 || abs($0 - $1) <= tolerance * max(1, abs($1)) }
}

/// The numbers 0, 1, 2, … under a shape.
func ramp(_ shape: [Int], from start: Float = 0) -> Tensor {
  Tensor((0..<shape.reduce(1, *)).map { start + Float($0) }, shape: shape)
}

/// A tensor of ones.
func ones(_ shape: [Int]) -> Tensor {
  Tensor([Float](repeating: 1, count: shape.reduce(1, *)), shape: shape)
}
