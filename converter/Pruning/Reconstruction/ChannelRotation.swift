public import EspalierCoupling
import EspalierEvaluation
import EspalierGraph

/// Gives channels another basis, in which some of them carry little and can go.
///
/// Channels that only linear maps stand around, such as the query, key and value dimensions of each
/// attention head, may be turned without a change of what the graph computes:
/// `y = x W1 W2 = (x W1 R)(R^-1 W2)`. The basis is that of the singular vectors of the sums over the
/// channels, weighed by the second moments of what is summed: it sorts what a sum gives by energy.
public struct ChannelRotation: Sendable {
  /// Runs of the model that moments are taken of, at most.
  public var samples = 128

  public init() {}

  /// The coupling of a graph that computes the same with other weights; its groups are the same too.
  /// - Parameter allowed: For each group, whether it may be turned.
  /// - Throws: `PruningError` with `.badCalibration` where the model fails on an input.
  public func rotated(
    _ coupling: Coupling, allowed: [Bool], _ calibration: Calibration,
    progress: ((Double) -> Void)? = nil
  ) throws(PruningError) -> Coupling {
    let counts = coupling.graph.useCounts
    let passages = coupling.groups.indices.compactMap { group in
      allowed[group] ? LinearPassage(group, coupling, counts) : nil
    }
    guard !passages.isEmpty else { return coupling }
    var graph = coupling.graph.openGraph
    let moments = try ReconstructionScores(.obspa).consumers(
      of: passages.map(\.group), coupling, calibration.prefix(samples), progress: progress)
    for (passage, lists) in zip(passages, moments) {
      let size = coupling.groups[passage.group].size
      let bases = lists.map { Basis($0, size: size) }
      for change in passage.changes {
        let old = graph.values[change.value].constant!
        let matrices = bases.map { change.isInverse ? $0.inverse.transposed : $0.forward }
        graph.values[change.value].constant = change.applied(to: old, matrices)
      }
    }
    do throws(GraphProblems) {
      return Coupling(
        of: try Specialised.forRewriting(graph, inputShapes: coupling.graph.inputShapes))
    } catch {
      throw PruningError(.badGraph, "the rotated graph does not fit together: \(error)")
    }
  }
}

/// A change of basis of a group's channels.
struct Basis {
  /// `[old, new]`: what makes the channels is multiplied by it.
  let forward: Matrix
  let inverse: Matrix

  /// The basis in which the sums over the channels fall into parts that do not overlap.
  ///
  /// With `C` the second moment of the channels and `G` the Gram matrix of what they are summed with,
  /// `C^1/2 G C^1/2 = U L U'` and the basis is `C^-1/2 U L^1/4`: channels and weights share the energy.
  init(_ consumers: [GroupConsumer], size: Int) {
    var moment = Matrix(zeros: size, size)
    var gram = Matrix(zeros: size, size)
    for consumer in consumers {
      for list in 0..<(consumer.columns.map(\.count).min() ?? 0) {
        let columns = consumer.columns.map { $0[list] }
        let covariance = consumer.covariance.selecting(rows: columns, columns: columns)
        moment.add(covariance, .identity(size))
        let weights = consumer.weights.selecting(columns: columns)
        gram.add(weights, weights, transposingFirst: true)
      }
    }
    let (variances, axes) = moment.eigen()
    let least = 1e-6 * (variances.last ?? 0)
    guard least > 0 else {
      (forward, inverse) = (.identity(size), .identity(size))
      return
    }
    let deviations = variances.map { max($0, least).squareRoot() }
    let root = axes.times(axes.scalingRows(by: deviations), transposingSelf: true)
    let inverseRoot = axes.times(
      axes.scalingRows(by: deviations.map { 1 / $0 }), transposingSelf: true)
    let (energies, directions) = root.times(gram).times(root).symmetric.eigen()
    let smallest = 1e-8 * (energies.last ?? 0)
    guard smallest > 0 else {
      (forward, inverse) = (.identity(size), .identity(size))
      return
    }
    let scales = energies.map { max($0, smallest).squareRoot().squareRoot() }
    forward = inverseRoot.times(directions.scalingRows(by: scales), transposingOther: true)
    inverse = directions.scalingRows(by: scales.map { 1 / $0 }).times(root)
  }
}

extension Matrix {
  fileprivate static func identity(_ size: Int) -> Matrix {
    Matrix(zeros: size, size).shifted(by: 1)
  }

  /// The mean of a matrix and its transposed: what rounding took from symmetry.
  fileprivate var symmetric: Matrix {
    let other = transposed
    return Matrix(rows, columns, zip(values, other.values).map { ($0 + $1) / 2 })
  }
}
