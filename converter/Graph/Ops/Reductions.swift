internal import Glibc

/// The sum over some axes; 0 of nothing.
public typealias ReduceSum = Reduction<SumReduction>
/// The arithmetic mean over some axes; integers are rounded towards zero.
public typealias ReduceMean = Reduction<MeanReduction>
/// The greatest element over some axes; of nothing, the least value of the type.
public typealias ReduceMax = Reduction<MaxReduction>
/// The least element over some axes; of nothing, the greatest value of the type.
public typealias ReduceMin = Reduction<MinReduction>
/// The product over some axes; 1 of nothing.
public typealias ReduceProd = Reduction<ProductReduction>
/// The sum of absolute values over some axes.
public typealias ReduceL1 = Reduction<L1Reduction>
/// The square root of the sum of squares over some axes.
public typealias ReduceL2 = Reduction<L2Reduction>
/// The sum of squares over some axes.
public typealias ReduceSumSquare = Reduction<SumSquareReduction>
/// The natural logarithm of the sum over some axes.
public typealias ReduceLogSum = Reduction<LogSumReduction>
/// The natural logarithm of the sum of exponentials over some axes.
public typealias ReduceLogSumExp = Reduction<LogSumExpReduction>

/// What `ReduceSum` does to a group.
public enum SumReduction: ReductionFunction {
  public static var channelEffect: ChannelEffect { .sum }
  public static var axesAreInputSince: Int { 13 }
  public static func reduce(_ values: [Double]) -> Double { values.reduce(0, +) }
  public static func reduce<Whole: FixedWidthInteger>(
    _ values: [Whole], range: ClosedRange<Whole>
  ) throws(GraphError) -> Whole {
    values.reduce(0, &+)
  }
}

/// What `ReduceMean` does to a group.
public enum MeanReduction: ReductionFunction {
  public static var channelEffect: ChannelEffect { .mean }
  public static func reduce(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(values.count)
  }
}

/// What `ReduceMax` does to a group; NaN wins.
public enum MaxReduction: ReductionFunction {
  public static var operands: ElementFamily { .numberOrBoolean }
  public static func reduce(_ values: [Double]) -> Double {
    values.reduce(-.infinity) { $0.isNaN || $0 > $1 ? $0 : $1 }
  }
  public static func reduce<Whole: FixedWidthInteger>(
    _ values: [Whole], range: ClosedRange<Whole>
  ) throws(GraphError) -> Whole {
    values.max() ?? range.lowerBound
  }
}

/// What `ReduceMin` does to a group; NaN wins.
public enum MinReduction: ReductionFunction {
  public static var operands: ElementFamily { .numberOrBoolean }
  public static func reduce(_ values: [Double]) -> Double {
    values.reduce(.infinity) { $0.isNaN || $0 < $1 ? $0 : $1 }
  }
  public static func reduce<Whole: FixedWidthInteger>(
    _ values: [Whole], range: ClosedRange<Whole>
  ) throws(GraphError) -> Whole {
    values.min() ?? range.upperBound
  }
}

/// What `ReduceProd` does to a group.
public enum ProductReduction: ReductionFunction {
  public static func reduce(_ values: [Double]) -> Double { values.reduce(1, *) }
  public static func reduce<Whole: FixedWidthInteger>(
    _ values: [Whole], range: ClosedRange<Whole>
  ) throws(GraphError) -> Whole {
    values.reduce(1, &*)
  }
}

/// What `ReduceL1` does to a group.
public enum L1Reduction: ReductionFunction {
  public static var channelEffect: ChannelEffect { .sum }
  public static func reduce(_ values: [Double]) -> Double { values.reduce(0) { $0 + abs($1) } }
  public static func reduce<Whole: FixedWidthInteger>(
    _ values: [Whole], range: ClosedRange<Whole>
  ) throws(GraphError) -> Whole {
    values.reduce(0) { $1 < 0 ? $0 &- $1 : $0 &+ $1 }
  }
}

/// What `ReduceL2` does to a group.
public enum L2Reduction: ReductionFunction {
  public static var channelEffect: ChannelEffect { .sum }
  public static func reduce(_ values: [Double]) -> Double {
    values.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }
}

/// What `ReduceSumSquare` does to a group.
public enum SumSquareReduction: ReductionFunction {
  public static var channelEffect: ChannelEffect { .sum }
  public static func reduce(_ values: [Double]) -> Double { values.reduce(0) { $0 + $1 * $1 } }
  public static func reduce<Whole: FixedWidthInteger>(
    _ values: [Whole], range: ClosedRange<Whole>
  ) throws(GraphError) -> Whole {
    values.reduce(0) { $0 &+ $1 &* $1 }
  }
}

/// What `ReduceLogSum` does to a group.
public enum LogSumReduction: ReductionFunction {
  public static func reduce(_ values: [Double]) -> Double { log(values.reduce(0, +)) }
}

/// What `ReduceLogSumExp` does to a group.
public enum LogSumExpReduction: ReductionFunction {
  public static func reduce(_ values: [Double]) -> Double {
    let greatest = MaxReduction.reduce(values)
    // Infinite or not a number: the greatest decides, and subtracting it would not make sense.
    guard greatest.isFinite else { return greatest }
    return greatest + log(values.reduce(0) { $0 + exp($1 - greatest) })
  }
}
