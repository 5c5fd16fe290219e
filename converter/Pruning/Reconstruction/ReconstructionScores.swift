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
  /// - Throws: `PruningError` with `.badCalibration` where the model fails on an input or what is
  ///   computed is not finite, and `.nonFiniteWeight`.
  public func scores(
    _ coupling: Coupling, _ calibration: Calibration, progress: ((Double) -> Void)? = nil
  ) throws(PruningError) -> ChannelScores {
    try coupling.checkWeights()
    let consumers = GroupConsumers(coupling)
    var values = coupling.groups.enumerated().map { number, group in
      consumers.readers[number].map { _ in [Double](repeating: 0, count: group.size) }
    }
    let evaluator = Evaluator(coupling.graph)
    // Of scores that are sums of weights, shares within a group count alone; and what errors do to
    // answers to noise says little of real inputs.
    let weighs = criterion != .wanda && !calibration.isNoise
    let begun = weighs ? 0.4 : 0
    let sensitivities =
      weighs
      ? try Sensitivity().measured(
        at: consumers.products, evaluator, calibration, progress: { progress?(begun * $0) })
      : nil
    let runs = calibration.runs.count
    let passes = passes(consumers, over: Array(coupling.groups.indices), runs: runs)
    for (number, groups) in passes.enumerated() {
      let share = { (part: Double) in
        let done = (Double(number) + part) / Double(passes.count)
        progress?(begun + (1 - begun) * done) ?? ()
      }
      let products = Set(groups.flatMap { consumers.readers[$0] }.flatMap { $0 }.map(\.product))
      let moments = try moments(
        of: products, consumers, evaluator, calibration, sensitivities,
        progress: { share(0.6 * $0) })
      // Those that take the longest are begun first.
      let lists = groups.flatMap { group in
        consumers.readers[group].indices.map { list in
          let read = consumers.readers[group][list].map { moments[$0.product]!.consumer($0) }
          return (group: group, list: list, read: read, size: read.map(\.size).max() ?? 0)
        }
      }.sorted { ($1.size, $0.group, $0.list) < ($0.size, $1.group, $1.list) }
      let sizes = coupling.groups.map(\.size)
      let scores = Threads.map(
        lists.count, atMost: momentByteLimit / max(32 * square(lists.first?.size ?? 0), 1),
        progress: { share(0.6 + 0.4 * $0) }
      ) { score(lists[$0].read, sizes[lists[$0].group]) }
      for (place, scores) in zip(lists, scores) { values[place.group][place.list] = scores }
    }
    return ChannelScores(values: values)
  }

  /// For some groups, for each of their lists, the sums over its channels.
  func consumers(
    of groups: [Int], _ coupling: Coupling, _ calibration: Calibration,
    progress: ((Double) -> Void)? = nil
  ) throws(PruningError) -> [[[GroupConsumer]]] {
    try coupling.checkWeights()
    let consumers = GroupConsumers(coupling)
    let evaluator = Evaluator(coupling.graph)
    var result: [[[GroupConsumer]]] = []
    let passes = passes(consumers, over: groups, runs: calibration.runs.count)
    for (number, groups) in passes.enumerated() {
      let readers = groups.map { consumers.readers[$0] }
      let moments = try moments(
        of: Set(readers.joined().joined().map(\.product)), consumers, evaluator, calibration, nil,
        progress: { progress?((Double(number) + $0) / Double(passes.count)) })
      result += readers.map { lists in
        lists.map { $0.map { moments[$0.product]!.consumer($0).group } }
      }
    }
    return result
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
      return GroupRanking().losses(of: consumers.map(\.group), count: count)
    case .obspa:
      return GroupRanking().greedyScores(of: consumers.map(\.group), count: count)
    }
  }

  /// Groups whose consumers' moments are held together.
  private func passes(
    _ consumers: GroupConsumers, over groups: [Int], runs: Int
  ) -> [[Int]] {
    var result: [[Int]] = []
    var held: Set<Int> = []
    var bytes = 0
    for group in groups {
      let lists = consumers.readers[group]
      let new = Set(lists.flatMap { $0 }.map(\.product)).subtracting(held)
      let size = new.reduce(0) { $0 + consumers.byteCount(ofProduct: $1, runs: runs) }
      if result.isEmpty || (bytes + size > momentByteLimit && !result[result.count - 1].isEmpty) {
        result.append([])
        (held, bytes) = ([], 0)
      }
      held.formUnion(lists.flatMap { $0 }.map(\.product))
      bytes = held.reduce(0) { $0 + consumers.byteCount(ofProduct: $1, runs: runs) }
      result[result.count - 1].append(group)
    }
    return result
  }

  private func moments(
    of products: Set<Int>, _ consumers: GroupConsumers, _ evaluator: Evaluator,
    _ calibration: Calibration, _ sensitivities: [Int: Double]?,
    progress: (Double) -> Void = { _ in }
  ) throws(PruningError) -> [Int: ProductMoments] {
    var collected: [Int: ProductMoments] = [:]
    var productOfNode: [Int: Int] = [:]
    for product in products {
      collected[product] = ProductMoments(
        consumers.products[product], damping: damping, runs: calibration.runs.count)
      productOfNode[consumers.products[product].node] = product
    }
    guard let last = productOfNode.keys.max() else { return [:] }
    try evaluator.visit(calibration.runs, upTo: last, progress: progress) { node, inputs, samples in
      if let product = productOfNode[node] { collected[product]!.add(inputs(), runs: samples) }
    }
    let all = collected.values.sorted { $0.node < $1.node }
    let faults = Threads.map(all.count) { place -> PruningError? in
      do throws(PruningError) {
        try all[place].finish(evaluator, sensitivity: sensitivities?[all[place].node])
        return nil
      } catch {
        return error
      }
    }
    if let fault = faults.lazy.compactMap({ $0 }).first { throw fault }
    return collected
  }
}

private func square(_ size: Int) -> Int { size * size }

extension GroupConsumers {
  /// Bytes that a product's moments take.
  func byteCount(ofProduct index: Int, runs: Int) -> Int {
    switch products[index] {
    case .layer(let layer): HalvedMoments.byteCount(layer, runs: runs)
    case .activations(let product):
      2 * product.parts * ColumnMoments.byteCount(size: product.size)
    }
  }
}

/// A part of a sum as ranking sees it.
private struct PartMoments: Sendable {
  var group: GroupConsumer
  /// For each column, the sum of `|w|` times the root mean square of what it reads.
  var absoluteSums: [Double]
  /// Elements of a column.
  var size: Int { group.weights.columns }
}

/// The moments of all parts of one sum; only one thread at a time works on them.
private final class ProductMoments: @unchecked Sendable {
  private let product: GroupConsumers.Product
  private var columns: [ColumnMoments] = []
  /// Of the left operand, where both are activations.
  private var rows: [ColumnMoments] = []
  /// Of a layer's inputs.
  private var inputs: [HalvedMoments] = []
  private let damping: Double
  private var parts: [PartMoments] = []

  init(_ product: GroupConsumers.Product, damping: Double, runs: Int) {
    (self.product, self.damping) = (product, damping)
    switch product {
    case .layer(let layer):
      inputs = (0..<layer.groups).map { _ in HalvedMoments(layer, runs: runs) }
    case .activations(let product):
      columns = (0..<product.parts).map { _ in ColumnMoments(size: product.size) }
      rows = (0..<product.parts).map { _ in ColumnMoments(size: product.size) }
    }
  }

  var node: Int { product.node }

  /// Adds what the sum reads in some runs.
  func add(_ read: [[Tensor?]], runs: Range<Int>) {
    // Each part has moments of its own.
    Threads.forEach(max(inputs.count, columns.count)) { part in
      for (run, read) in zip(runs, read) {
        switch product {
        case .layer(let layer):
          unsafe layer.add(
            read[layer.inputPlace]!.floats, group: part, run: run, to: inputs[part][run])
        case .activations(let product):
          product.add(read[0]!, read[1]!, part: part, left: rows[part], right: columns[part])
        }
      }
    }
  }

  /// Makes consumers of the moments, which are then given up.
  /// - Parameter sensitivity: What a unit of squared error in the sum costs at the end; where it is
  ///   not known, all of its energy costs 1.
  /// - Throws: `PruningError` with `.badCalibration` where the sum reads something that is not finite.
  func finish(_ evaluator: Evaluator, sensitivity: Double?) throws(PruningError) {
    var weights: [Matrix] = []
    var covariances: [Matrix] = []
    var deviations: [[Double]] = []
    var dampings: [Double] = []
    for part in 0..<max(inputs.count, columns.count) {
      let result: ColumnMoments.Result
      let name = evaluator.nodes[node].name
      switch product {
      case .layer(let layer):
        let read = layer.weights(evaluator.constant(layer.weight)!, group: part)
        let damped = try inputs[part].result(name, read: read, taps: layer.taps, damping: damping)
        result = damped.moments
        dampings.append(damped.damping)
        weights.append(read)
      case .activations:
        result = try columns[part].result(name)
        dampings.append(damping)
        // Keys or queries may lie in fewer dimensions than there are: there is no Cholesky factor.
        let other = try rows[part].result(evaluator.nodes[node].name)
        let (energies, axes) = other.second.eigen()
        weights.append(axes.scalingRows(by: energies.map { max($0, 0).squareRoot() }))
      }
      deviations.append(result.second.diagonal.map { max($0, 0).squareRoot() })
      covariances.append(result.covariance)
    }
    (columns, rows, inputs) = ([], [], [])
    let energy =
      sensitivity.map { 1 / $0 }
      ?? zip(weights, covariances).reduce(0) { $0 + GroupConsumer.energy($1.0, $1.1) }
    parts = weights.indices.map { part in
      let weights = weights[part]
      var sums = [Double](repeating: 0, count: weights.columns)
      for row in 0..<weights.rows {
        for column in 0..<weights.columns { sums[column] += abs(weights[row, column]) }
      }
      return PartMoments(
        group: GroupConsumer(
          weights: weights, covariance: covariances[part], columns: [], energy: energy,
          damping: dampings[part]),
        absoluteSums: zip(sums, deviations[part]).map { $0 * $1 })
    }
  }

  func consumer(_ reader: GroupConsumers.Reader) -> PartMoments {
    var part = parts[reader.part]
    part.group.columns = reader.columns
    return part
  }
}
