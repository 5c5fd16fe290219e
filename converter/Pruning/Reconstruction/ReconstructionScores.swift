public import EspalierCoupling
import EspalierEvaluation
import EspalierGraph

/// Criteria that need inputs: what consumers lose with a channel.
public enum ReconstructionCriterion: String, Sendable, CaseIterable {
  /// Sum over weights that read a channel of `|w|` times the root mean square of what they read.
  case wanda
  /// Loss of each channel by itself after least squares on the others (optimal brain surgeon).
  case obs
  /// The same, taken anew as channels go: of two channels that tell the same, one is kept.
  case obspa
}

/// Scores coupled channels by what their consumers lose, from second moments of a dense model.
public struct ReconstructionScores: Sendable {
  public var criterion: ReconstructionCriterion
  /// Damping of covariances, as a share of their mean diagonal element.
  public var damping = 0.01
  /// Bytes of second moments that are held at one time; consumers beyond it wait for another pass
  /// over the inputs.
  public var momentByteLimit = 2 << 30

  public init(_ criterion: ReconstructionCriterion) { self.criterion = criterion }

  /// Scores for every group of a coupling; groups that nothing sums over score 0.
  /// - Throws: `PruningError` with `.badCalibration` where the model fails on an input.
  public func scores(
    _ coupling: Coupling, _ calibration: Calibration, progress: ((Double) -> Void)? = nil
  ) throws(PruningError) -> ChannelScores {
    let consumers = GroupConsumers(coupling)
    var values = coupling.groups.enumerated().map { number, group in
      consumers.readers[number].map { _ in [Double](repeating: 0, count: group.size) }
    }
    let evaluator = Evaluator(coupling.graph)
    let passes = passes(consumers)
    for (number, groups) in passes.enumerated() {
      let share = { (part: Double) in progress?((Double(number) + part) / Double(passes.count)) }
      let products = Set(groups.flatMap { consumers.readers[$0] }.flatMap { $0 }.map(\.product))
      let moments = try moments(
        of: products, consumers, evaluator, calibration, progress: { share(0.6 * $0) })
      for (place, group) in groups.enumerated() {
        for (list, readers) in consumers.readers[group].enumerated() {
          let read = readers.map { moments[$0.product]!.consumer($0) }
          values[group][list] = score(read, coupling.groups[group].size)
        }
        share(0.6 + 0.4 * Double(place + 1) / Double(groups.count))
      }
    }
    return ChannelScores(values: values)
  }

  private func score(_ consumers: [PartMoments], _ count: Int) -> [Double] {
    switch criterion {
    case .wanda:
      var result = [Double](repeating: 0, count: count)
      for consumer in consumers {
        let sums = consumer.absoluteSums
        for index in 0..<count {
          for column in consumer.group.columns[index] { result[index] += sums[column] }
        }
      }
      return result
    case .obs:
      return GroupRanking(damping: damping).losses(of: consumers.map(\.group), count: count)
    case .obspa:
      return GroupRanking(damping: damping).greedyScores(of: consumers.map(\.group), count: count)
    }
  }

  /// Groups whose consumers' moments are held together.
  private func passes(_ consumers: GroupConsumers) -> [[Int]] {
    var result: [[Int]] = []
    var held: Set<Int> = []
    var bytes = 0
    for (group, lists) in consumers.readers.enumerated() {
      let new = Set(lists.flatMap { $0 }.map(\.product)).subtracting(held)
      let size = new.reduce(0) { $0 + consumers.byteCount(ofProduct: $1) }
      if result.isEmpty || (bytes + size > momentByteLimit && !result[result.count - 1].isEmpty) {
        result.append([])
        (held, bytes) = ([], 0)
      }
      held.formUnion(lists.flatMap { $0 }.map(\.product))
      bytes = held.reduce(0) { $0 + consumers.byteCount(ofProduct: $1) }
      result[result.count - 1].append(group)
    }
    return result
  }

  private func moments(
    of products: Set<Int>, _ consumers: GroupConsumers, _ evaluator: Evaluator,
    _ calibration: Calibration, progress: (Double) -> Void
  ) throws(PruningError) -> [Int: ProductMoments] {
    var collected: [Int: ProductMoments] = [:]
    var productOfNode: [Int: Int] = [:]
    for product in products {
      collected[product] = ProductMoments(consumers.products[product])
      productOfNode[consumers.products[product].node] = product
    }
    guard let last = productOfNode.keys.max() else { return [:] }
    for (run, inputs) in calibration.runs.enumerated() {
      do throws(GraphError) {
        var values = try evaluator.start(inputs)
        for node in 0...last {
          let moments = productOfNode[node].map { collected[$0]! }
          try evaluator.step(node, &values) { inputs, _ in moments?.add(inputs, run: run) }
        }
      } catch {
        throw PruningError(.badCalibration, "sample \(run): \(error.message)", at: error.node)
      }
      progress(Double(run + 1) / Double(calibration.runs.count))
    }
    for product in products { collected[product]!.finish(evaluator) }
    return collected
  }
}

extension GroupConsumers {
  /// Bytes that a product's moments take.
  func byteCount(ofProduct index: Int) -> Int {
    switch products[index] {
    case .layer(let layer): layer.groups * ColumnMoments.byteCount(size: layer.columns)
    case .activations(let product):
      2 * product.parts * ColumnMoments.byteCount(size: product.size)
    }
  }
}

/// A part of a sum as ranking sees it.
private struct PartMoments {
  var group: GroupConsumer
  /// For each column, the sum of `|w|` times the root mean square of what it reads.
  var absoluteSums: [Double]
}

/// The moments of all parts of one sum.
private final class ProductMoments {
  private let product: GroupConsumers.Product
  private var columns: [ColumnMoments]
  /// Of the left operand, where both are activations.
  private var rows: [ColumnMoments]
  private var parts: [PartMoments] = []

  init(_ product: GroupConsumers.Product) {
    self.product = product
    switch product {
    case .layer(let layer):
      columns = (0..<layer.groups).map { _ in ColumnMoments(size: layer.columns) }
      rows = []
    case .activations(let product):
      columns = (0..<product.parts).map { _ in ColumnMoments(size: product.size) }
      rows = (0..<product.parts).map { _ in ColumnMoments(size: product.size) }
    }
  }

  func add(_ inputs: [Tensor?], run: Int) {
    switch product {
    case .layer(let layer):
      let x = inputs[layer.inputPlace]!
      for (group, moments) in columns.enumerated() {
        layer.add(x.floats, group: group, run: run, to: moments)
      }
    case .activations(let product):
      product.add(inputs[0]!, inputs[1]!, left: rows, right: columns)
    }
  }

  /// Makes consumers of the moments, which are then given up.
  func finish(_ evaluator: Evaluator) {
    var weights: [Matrix] = []
    var covariances: [Matrix] = []
    var deviations: [[Double]] = []
    for part in columns.indices {
      let result = columns[part].result()
      deviations.append(result.second.diagonal.map { max($0, 0).squareRoot() })
      covariances.append(result.covariance)
      switch product {
      case .layer(let layer):
        weights.append(layer.weights(evaluator.constant(layer.weight)!, group: part))
      case .activations:
        let left = rows[part].result().second
        let small = max(1e-9 * left.meanDiagonal, .leastNormalMagnitude)
        weights.append(
          left.shifted(by: small).factored()?.upper ?? Matrix(zeros: left.rows, left.rows))
      }
    }
    (columns, rows) = ([], [])
    let energy = zip(weights, covariances).reduce(0) { $0 + GroupConsumer.energy($1.0, $1.1) }
    parts = weights.indices.map { part in
      let weights = weights[part]
      var sums = [Double](repeating: 0, count: weights.columns)
      for row in 0..<weights.rows {
        for column in 0..<weights.columns { sums[column] += abs(weights[row, column]) }
      }
      return PartMoments(
        group: GroupConsumer(
          weights: weights, covariance: covariances[part], columns: [], energy: energy),
        absoluteSums: zip(sums, deviations[part]).map { $0 * $1 })
    }
  }

  func consumer(_ reader: GroupConsumers.Reader) -> PartMoments {
    var part = parts[reader.part]
    part.group.columns = reader.columns
    return part
  }
}
