internal import Glibc

/// Local response normalisation: `x / (bias + alpha / size * sum(x²))^beta` over nearby channels.
///
/// The sum takes `size` channels around each, one more after it than before where `size` is even.
public struct LRN: AxisOperator {
  public var axis: Int { 1 }
  public var flattens: Bool { false }
  public let alpha: Double
  public let beta: Double
  public let bias: Double
  public let size: Int

  public init(_ node: NodeContext) throws(GraphError) {
    alpha = Double(try node.float("alpha", default: 0.0001))
    beta = Double(try node.float("beta", default: 0.75))
    bias = Double(try node.float("bias", default: 1))
    guard let size = try node.integer("size"), size >= 1 else {
      throw GraphError(.badAttribute, "attribute \"size\" must be given and at least 1")
    }
    self.size = size
  }

  public func multiplyAccumulates(_ inputs: [TensorType?], _ outputs: [TensorType]) -> Int {
    outputs[0].count.multipliedReportingOverflow(by: min(size, outputs[0].shape[1])).partialValue
  }

  public func apply(_ line: [Double]) -> [Double] {
    let before = (size - 1) / 2
    let after = size - 1 - before
    return line.indices.map { channel in
      let first = max(0, channel - before)
      let last = min(line.count - 1, channel.addingReportingOverflow(after).partialValue)
      let squares = line[first...max(first, last)].reduce(0) { $0 + $1 * $1 }
      return line[channel] / pow(bias + alpha / Double(size) * squares, beta)
    }
  }
}

extension LRN {
  /// Neighbours of a channel change when others go: inexact, not forbidden.
  public func mapChannels(_ map: inout ChannelMap) {
    map.passThrough()
    map.takeStatistics(over: [1])
  }
}
