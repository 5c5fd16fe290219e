extension Tensor {
  /// Applies a function to each element: the real one to floating-point types, the other to the rest.
  ///
  /// Functions are evaluated in double precision and rounded once to the element type.
  public func mapping(
    _ real: (Double) -> Double, integers whole: (Int64) -> Int64
  ) -> Tensor {
    elementType.isFloatingPoint
      ? Tensor(elementType: elementType, shape: shape, doubles: doubles.map(real))
      : Tensor(elementType: elementType, shape: shape, integers: integers.map(whole))
  }

  /// Applies a function of real numbers to each element of a floating-point tensor.
  public func mapping(_ real: (Double) -> Double) -> Tensor {
    Tensor(elementType: elementType, shape: shape, doubles: doubles.map(real))
  }
}
