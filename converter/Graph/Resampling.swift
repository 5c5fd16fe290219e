/// How resized coordinates map to sources and weights: the attributes of `Resize` that decide it.
public struct Resampling: Sendable, Hashable {
  public enum Filter: String, Sendable, Hashable {
    case nearest, linear, cubic
  }

  /// Where a resized coordinate lies in the input.
  public enum Coordinates: String, Sendable, Hashable {
    case halfPixel = "half_pixel"
    case halfPixelSymmetric = "half_pixel_symmetric"
    case pytorchHalfPixel = "pytorch_half_pixel"
    case alignCorners = "align_corners"
    case asymmetric
    case tensorFlowHalfPixel = "tf_half_pixel_for_nn"
    case tensorFlowCrop = "tf_crop_and_resize"
  }

  /// Which neighbour is nearest.
  public enum Rounding: String, Sendable, Hashable {
    case preferFloor = "round_prefer_floor"
    case preferCeil = "round_prefer_ceil"
    case floor, ceil
    /// Before opset 11: up where the axis shrinks, down where it grows.
    case legacy
  }

  public var filter = Filter.nearest
  public var coordinates = Coordinates.asymmetric
  public var rounding = Rounding.legacy
  /// The cubic filter's parameter, usually written `a`.
  public var cubicCoefficient = -0.75
  /// Whether neighbours outside the input lose their weight, instead of repeating the edge.
  public var excludesOutside = false
  /// Whether the filter is stretched where an axis shrinks.
  public var antialiases = false

  /// What one coordinate of an output axis is made of.
  public struct Sample: Sendable, Hashable {
    /// Source coordinates, ascending and within the input; weights beside them.
    public var indices: [Int]
    public var weights: [Double]
    /// Whether the place lies outside the input and takes the extrapolation value instead.
    public var isOutside = false
  }

  /// One axis: its extents, the factor between them, and the part of the input to show.
  public struct Axis: Sendable, Hashable {
    public var input: Int
    public var output: Int
    /// The factor as the file gives it; `nil` where the extents themselves are the ratio.
    public var scale: Float?
    /// Begin and end of the region of interest, as fractions of the input.
    public var begin = 0.0
    public var end = 1.0

    /// Whether every element stays where it is: equal extents alone do not say so.
    var keepsPositions: Bool {
      input == output && scale ?? 1 == 1 && begin == 0 && end == 1
    }

    /// Output extent over input extent, as coordinates use it.
    var ratio: Double { scale.map { Double($0) } ?? Double(output) / Double(input) }

    /// A resized length in the input's units.
    ///
    /// The quotient by a factor is rounded to single precision: a factor such as 3.6666667 stands
    /// for 11/3, and only so does 11 come out as 3, as it does in other runtimes.
    func shrink(_ length: Double) -> Double {
      if let scale { return Double(Float(length) / scale) }
      return length * Double(input) / Double(output)
    }
  }

  /// The longest axis of a resized tensor: a sample takes a hundred bytes and more.
  static let maximumExtent = 1 << 20

  /// The samples of every coordinate of an axis.
  /// - Throws: `GraphError` with code `.shapeTooLarge`.
  public func samples(_ axis: Axis) throws(GraphError) -> [Sample] {
    guard axis.output <= Self.maximumExtent else {
      throw GraphError(
        .shapeTooLarge,
        "an axis of \(axis.output) elements exceeds the \(Self.maximumExtent) that are resized")
    }
    // A stretched filter has as many taps as the axis it shrinks has elements.
    guard !antialiases || axis.input <= Self.maximumExtent else {
      throw GraphError(
        .shapeTooLarge,
        "an axis of \(axis.input) elements exceeds the \(Self.maximumExtent) that are antialiased")
    }
    return (0..<axis.output).map { sample(at: coordinate(Double($0), axis), axis) }
  }

  /// Where a resized coordinate lies in the input.
  private func coordinate(_ x: Double, _ axis: Axis) -> Double {
    let (input, output) = (Double(axis.input), Double(axis.output))
    switch coordinates {
    case .halfPixel: return axis.shrink(x + 0.5) - 0.5
    case .halfPixelSymmetric:
      let adjustment = axis.scale == nil ? 1 : output / (axis.ratio * input)
      return input / 2 * (1 - adjustment) + axis.shrink(x + 0.5) - 0.5
    case .pytorchHalfPixel: return output > 1 ? axis.shrink(x + 0.5) - 0.5 : 0
    case .alignCorners: return output > 1 ? x * (input - 1) / (output - 1) : 0
    case .asymmetric: return axis.shrink(x)
    case .tensorFlowHalfPixel:
      // Half a pixel between images or channels makes no sense: axes that stay are left alone.
      return axis.input == axis.output ? x : axis.shrink(x + 0.5)
    case .tensorFlowCrop:
      guard output > 1 else { return (axis.begin + axis.end) / 2 * (input - 1) }
      return axis.begin * (input - 1)
        + x * (axis.end - axis.begin) * (input - 1) / (output - 1)
    }
  }

  private func sample(at x: Double, _ axis: Axis) -> Sample {
    let last = axis.input - 1
    let isOutside = coordinates == .tensorFlowCrop && !(x >= 0 && x <= Double(last))
    if filter == .nearest || isOutside {
      return Sample(indices: [clamp(nearest(x, axis), last)], weights: [1], isOutside: isOutside)
    }
    // Taps whose weight may be other than zero, and their weights.
    let shrink = antialiases ? min(1, axis.ratio) : 1
    let reach = (filter == .cubic ? 2 : 1) / shrink
    let taps = Int((x - reach).rounded(.down)) + 1...Int((x + reach).rounded(.up))
    var weights = taps.map { weight((Double($0) - x) * shrink) }
    if antialiases { weights = normalised(weights) }
    if excludesOutside {
      let inside = zip(taps, weights).map { $0 >= 0 && $0 <= last ? $1 : 0 }
      if inside.reduce(0, +) != 0 { weights = normalised(inside) }
    }
    var merged: [Int: Double] = [:]
    for (tap, weight) in zip(taps, weights) where weight != 0 {
      merged[clamp(tap, last), default: 0] += weight
    }
    let indices = merged.keys.sorted()
    return Sample(indices: indices, weights: indices.map { merged[$0]! })
  }

  private func clamp(_ index: Int, _ last: Int) -> Int { min(last, max(0, index)) }

  private func normalised(_ weights: [Double]) -> [Double] {
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  private func nearest(_ x: Double, _ axis: Axis) -> Int {
    switch rounding {
    case .preferFloor: Int((x - 0.5).rounded(.up))
    case .preferCeil: Int((x + 0.5).rounded(.down))
    case .floor: Int(x.rounded(.down))
    case .ceil: Int(x.rounded(.up))
    case .legacy: Int(x.rounded(axis.ratio < 1 ? .up : .down))
    }
  }

  /// The filter's value at a distance.
  private func weight(_ distance: Double) -> Double {
    let t = abs(distance)
    if filter == .linear { return max(0, 1 - t) }
    let a = cubicCoefficient
    if t <= 1 { return ((a + 2) * t - (a + 3)) * t * t + 1 }
    return t < 2 ? ((a * t - 5 * a) * t + 8 * a) * t - 4 * a : 0
  }
}

extension Resampling {
  /// Resamples a tensor axis by axis.
  ///
  /// - Parameters:
  ///   - tables: the samples of every axis.
  ///   - extrapolation: what outputs outside the region of interest become.
  func evaluate(_ x: Tensor, _ tables: [[Sample]], extrapolation: Double) -> Tensor {
    let output = tables.map(\.count)
    let isAnyOutside = tables.contains { $0.contains(where: \.isOutside) }
    if filter == .nearest, !isAnyOutside {
      // Moves elements without arithmetic, so that every type keeps its exact values.
      let own = strides(of: x.shape)
      var positions: [Int] = []
      forEachIndex(of: output) { index in
        positions.append(
          index.indices.reduce(0) { $0 + tables[$1][index[$1]].indices[0] * own[$1] })
      }
      return x.gathering(positions, shape: output)
    }
    var (values, shape) = (x.doubles, x.shape)
    for axis in tables.indices {
      values = resample(values, shape, axis, tables[axis])
      shape[axis] = output[axis]
    }
    if isAnyOutside {
      var position = 0
      forEachIndex(of: output) { index in
        if index.indices.contains(where: { tables[$0][index[$0]].isOutside }) {
          values[position] = extrapolation
        }
        position += 1
      }
    }
    if !x.elementType.isFloatingPoint {
      // A weighted mean of equal integers must not fall below them by an error of rounding.
      values = values.map { abs($0 - $0.rounded()) < 1e-9 ? $0.rounded() : $0 }
    }
    return Tensor(elementType: x.elementType, shape: output, doubles: values)
  }

  private func resample(
    _ values: [Double], _ shape: [Int], _ axis: Int, _ table: [Sample]
  ) -> [Double] {
    let (outer, inner) = (elementCount(shape[..<axis]), elementCount(shape[(axis + 1)...]))
    var result = [Double](repeating: 0, count: outer * table.count * inner)
    for block in 0..<outer {
      for (place, sample) in table.enumerated() {
        for (index, weight) in zip(sample.indices, sample.weights) {
          addRow(
            weight, values, at: (block * shape[axis] + index) * inner, to: &result,
            at: (block * table.count + place) * inner, count: inner)
        }
      }
    }
    return result
  }
}
