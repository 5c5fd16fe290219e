public import EspalierGraph
internal import Glibc

/// Inputs that show a network what it will see: one set of tensors for each run.
public struct Calibration: Sendable {
  /// For each run, a tensor for each of the graph's inputs, by name.
  public let runs: [[String: Tensor]]
  /// Whether the numbers are made up, so that statistics of them say little about real inputs.
  public let isNoise: Bool

  /// Cuts arrays of samples into runs of the graph's batch.
  ///
  /// - Parameters:
  ///   - tensors: For each input an array `[samples, ...]`, by name. Integers of any width and
  ///     floating-point numbers become what the input takes.
  ///   - limit: The most samples to take.
  /// - Throws: `PruningError` with `.badCalibration` for an input that is missing, unknown, empty, of
  ///   another shape, or not finite.
  public init(
    _ tensors: [String: Tensor], for graph: Specialised, limit: Int = .max
  ) throws(PruningError) {
    let inputs = graph.graph.inputs.filter { graph.types[$0] != nil }
    let names = inputs.map { graph.graph.values[$0].name }
    for name in tensors.keys.sorted() where !names.contains(name) {
      throw PruningError(
        .badCalibration, "the model has no such input; it has \(names.joined(separator: ", "))",
        at: "input \"\(name)\"")
    }
    var runs: [[String: Tensor]] = []
    for (id, name) in zip(inputs, names) {
      let type = graph.type(of: id)
      let batches = try Self.batches(tensors[name], type, limit, "input \"\(name)\"")
      if runs.isEmpty { runs = [[String: Tensor]](repeating: [:], count: batches.count) }
      guard batches.count == runs.count else {
        throw PruningError(
          .badCalibration,
          "has \(batches.count) runs of the model where the inputs before it have \(runs.count)",
          at: "input \"\(name)\"")
      }
      for (index, batch) in batches.enumerated() { runs[index][name] = batch }
    }
    (self.runs, isNoise) = (runs, false)
  }

  private static func batches(
    _ tensor: Tensor?, _ type: TensorType, _ limit: Int, _ place: String
  ) throws(PruningError) -> [Tensor] {
    guard let tensor else {
      throw PruningError(.badCalibration, "no calibration data is given", at: place)
    }
    let batch = type.shape.first ?? 1
    let wanted = "[samples\(type.shape.dropFirst().map { ", \($0)" }.joined())]"
    guard type.rank > 0, batch > 0, tensor.rank == type.rank,
      tensor.shape.dropFirst() == type.shape.dropFirst()
    else {
      throw PruningError(
        .badCalibration, "the data has the shape \(tensor.shape); the model takes \(wanted)",
        at: place)
    }
    let count = min(tensor.shape[0], limit) / batch
    guard count > 0 else {
      throw PruningError(
        .badCalibration, "\(tensor.shape[0]) samples are too few; one run takes \(batch)", at: place
      )
    }
    let hasRightKind = tensor.elementType.isFloatingPoint == type.elementType.isFloatingPoint
    guard hasRightKind, tensor.elementType != .string else {
      throw PruningError(
        .badCalibration, "the data is \(tensor.elementType); the model takes \(type.elementType)",
        at: place)
    }
    let size = type.count
    if type.elementType.isFloatingPoint {
      let own = Tensor(
        elementType: type.elementType, shape: [count * size],
        doubles: Array(tensor.doubles[..<(count * size)]))
      let numbers = own.doubles
      if let bad = numbers.firstIndex(where: { !$0.isFinite }) {
        throw PruningError(
          .badCalibration,
          "element \(bad % max(size / batch, 1)) of sample \(bad / max(size / batch, 1)) is "
            + "\(tensor.doubles[bad]); data must be finite \(type.elementType)", at: place)
      }
      return (0..<count).map {
        Tensor(
          elementType: type.elementType, shape: type.shape,
          doubles: Array(numbers[$0 * size..<($0 + 1) * size]))
      }
    }
    let numbers = tensor.integers
    return (0..<count).map {
      Tensor(
        elementType: type.elementType, shape: type.shape,
        integers: Array(numbers[$0 * size..<($0 + 1) * size]))
    }
  }

  /// Smooth noise in place of images: Gaussian numbers on grids of side 16, 8, 4 and 2, enlarged
  /// bilinearly, added, and brought to a mean and deviation for each channel.
  ///
  /// White noise has none of the correlation between neighbours that images have, and ranks badly.
  /// - Parameters:
  ///   - mean: Of each channel; a single one serves all. Deviations alike.
  /// - Throws: `PruningError` with `.badCalibration` for a graph with other inputs than images.
  public static func smoothNoise(
    for graph: Specialised, count: Int, seed: UInt64, mean: [Double] = [0],
    deviation: [Double] = [1]
  ) throws(PruningError) -> Calibration {
    guard (mean + deviation).allSatisfy({ abs($0) < 1e30 }) else {
      throw PruningError(
        .badCalibration, "noise of mean \(mean) and deviation \(deviation) is too large for float32"
      )
    }
    var random = SplitMix(seed: seed)
    let inputs = graph.graph.inputs.compactMap { id in graph.types[id].map { (id, $0) } }
    for (id, type) in inputs {
      let fits = { (list: [Double]) in
        type.rank == 4 && (list.count == 1 || list.count == type.shape[1])
      }
      guard type.elementType == .float32, fits(mean), fits(deviation), !type.shape.contains(0)
      else {
        throw PruningError(
          .badCalibration,
          "takes \(type), not images of \(mean.count) channels; noise cannot stand in for it, give data",
          at: "input \"\(graph.graph.values[id].name)\"")
      }
    }
    let runs = (0..<count).map { _ in
      var run: [String: Tensor] = [:]
      for (id, type) in inputs {
        var values: [Float] = []
        for plane in 0..<type.shape[0] * type.shape[1] {
          let channel = plane % type.shape[1]
          values += smoothPlane(
            type.shape[2], type.shape[3], mean[mean.count == 1 ? 0 : channel],
            deviation[deviation.count == 1 ? 0 : channel], &random)
        }
        run[graph.graph.values[id].name] = Tensor(values, shape: type.shape)
      }
      return run
    }
    return Calibration(runs: runs, isNoise: true)
  }

  /// The first of the runs.
  func prefix(_ count: Int) -> Calibration {
    Calibration(runs: Array(runs.prefix(count)), isNoise: isNoise)
  }

  init(runs: [[String: Tensor]], isNoise: Bool) {
    (self.runs, self.isNoise) = (runs, isNoise)
  }

  static func smoothPlane(
    _ height: Int, _ width: Int, _ mean: Double, _ deviation: Double, _ random: inout SplitMix
  ) -> [Float] {
    var sum = [Double](repeating: 0, count: height * width)
    var variance = 0.0
    for side in [16, 8, 4, 2] {
      let grid = (0..<side * side).map { _ in random.nextNormal() }
      let (rows, columns) = (weights(height, side), weights(width, side))
      variance += Self.variance(rows) * Self.variance(columns)
      for y in 0..<height {
        let row = rows[y]
        for x in 0..<width {
          let column = columns[x]
          func between(_ line: Int) -> Double {
            grid[line * side + column.first] * (1 - column.share)
              + grid[line * side + column.second] * column.share
          }
          sum[y * width + x] +=
            between(row.first) * (1 - row.share) + between(row.second) * row.share
        }
      }
    }
    let scale = deviation / variance.squareRoot()
    return sum.map { Float(mean + $0 * scale) }
  }

  /// The mean variance that interpolation along one axis leaves of independent numbers of variance 1.
  private static func variance(_ weights: [(first: Int, second: Int, share: Double)]) -> Double {
    weights.reduce(0) { $0 + (1 - $1.share) * (1 - $1.share) + $1.share * $1.share }
      / Double(weights.count)
  }

  /// The two grid points next to each place, and the share of the second.
  private static func weights(
    _ extent: Int, _ side: Int
  ) -> [(first: Int, second: Int, share: Double)] {
    (0..<extent).map { place in
      let position = (Double(place) + 0.5) * Double(side) / Double(extent) - 0.5
      let clamped = min(max(position, 0), Double(side - 1))
      let first = Int(clamped)
      return (first, min(first + 1, side - 1), clamped - Double(first))
    }
  }
}

extension SplitMix {
  /// A standard normal number (Box and Muller).
  mutating func nextNormal() -> Double {
    (-2 * log(nextUniform())).squareRoot() * cos(2 * .pi * nextUniform())
  }
}
