import EspalierCoupling
import EspalierGraph

/// Filter pruning via geometric median (FPGM, He et al., CVPR 2019): a channel whose filter lies close
/// to all others says little that they do not.
///
/// The score of channel `i` is `sum over j of |w_i - w_j|`, with `w_i` all weights that make it; the
/// sums of several weights are added. A group that no weight makes scores zero throughout.
struct GeometricMedian {
  let coupling: Coupling

  func scores() -> ChannelScores {
    ChannelScores(
      values: coupling.groups.map { group in
        let lists = group.partner.map(coupling.algebra.size) ?? 1
        var result = [[Double]](
          repeating: [Double](repeating: 0, count: group.size), count: lists)
        for member in group.members where member.role == .output {
          for (list, rows) in filters(of: group, member).enumerated() {
            for (index, distance) in distances(rows).enumerated() {
              result[list][index] += distance
            }
          }
        }
        return result
      })
  }

  /// For each list of a group, the elements of every channel, in one order for all.
  private func filters(of group: ChannelGroup, _ member: ChannelGroup.Member) -> [[[Double]]] {
    let use = coupling.uses[member.use]
    let tensor = coupling.graph.constants[use.value]!
    let lists = group.partner.map(coupling.algebra.size) ?? 1
    let empty = [[Double]](repeating: [], count: group.size)
    var result = [[[Double]]](repeating: empty, count: lists)
    // The index of the channel, and of its list, at each position of each axis.
    let layouts = use.axes.map(coupling.algebra.layout)
    let own = layouts[member.axis].indices(of: group.leaf)
    let partner = group.partner.flatMap { leaf in
      layouts.indices.lazy.map { (axis: $0, indices: layouts[$0].indices(of: leaf)) }
        .first { $0.indices.contains { $0 != nil } }
    }
    let strides = strides(of: tensor.shape)
    for (flat, value) in tensor.doubles.enumerated() {
      guard let index = own[flat / strides[member.axis] % tensor.shape[member.axis]]
      else { continue }
      let list =
        partner.map { $0.indices[flat / strides[$0.axis] % tensor.shape[$0.axis]] ?? 0 } ?? 0
      result[list][index].append(value)
    }
    return result
  }

  /// `|a - b|^2 = a a + b b - 2 a b`, from one matrix of products.
  private func distances(_ rows: [[Double]]) -> [Double] {
    let (count, length) = (rows.count, rows[0].count)
    guard length > 0 else { return [Double](repeating: 0, count: count) }
    let filters = Matrix(count, length, rows.flatMap { $0 })
    let products = filters.times(filters, transposingOther: true)
    return (0..<count).map { i in
      (0..<count).reduce(0) { sum, j in
        let square = products[i, i] + products[j, j] - 2 * products[i, j]
        return sum + max(square, 0).squareRoot()
      }
    }
  }
}
