import EspalierCoupling
import EspalierGraph

/// A product with a constant matrix, and the channels that its rows make and its columns read.
struct MatrixLayer: Sendable {
  let linear: LinearLayer
  /// The channel of each output.
  let rows: [Int]
  /// The channel of each input: for each group, for each of its inputs.
  let columns: [Int]

  /// Inputs of one group.
  var width: Int { linear.columns / linear.taps }

  /// Whether each output is made of the channel alone that it carries on: a depthwise convolution.
  var isPassage: Bool {
    width == 1 && linear.rows == 1 && rows == columns
  }
}

extension LinearLayer {
  /// The columns of an input of a group, one for each tap.
  func columns(ofInput input: Int) -> Range<Int> { input * taps..<(input + 1) * taps }
}

/// Which layers make and read each channel of a graph.
///
/// A channel is an index of an axis wherever the axis is carried along: sums, activations, depthwise
/// convolutions and normalisations leave it what it is. Where a map is flattened, all places of a
/// channel count as the channel.
struct ChannelFlow: Sendable {
  /// In the order of the graph's nodes.
  private(set) var layers: [MatrixLayer] = []
  private(set) var count = 0
  /// Whether anything but a matrix makes or reads a channel: graph inputs and outputs, sums of products
  /// of activations, whatever is not known.
  private(set) var isSource: [Bool] = []
  private(set) var isSink: [Bool] = []
  /// Whether a channel must keep something that makes it, in the first layer that does, and something that
  /// reads it, in the last. An input may go unread, and an output become constant: that severs nothing.
  private(set) var needsMaker: [Bool] = []
  private(set) var needsReader: [Bool] = []
  /// For each channel, the first layer that makes it and the last that reads it; `nil` where none does.
  private(set) var firstMaker: [Int?] = []
  private(set) var lastReader: [Int?] = []
  /// For each group of the coupling, for each of its indices, its channels.
  private(set) var channelsOfGroup: [[[Int]]]

  init(_ coupling: Coupling) {
    channelsOfGroup = coupling.groups.map { [[Int]](repeating: [], count: $0.size) }
    var numbering = Numbering(coupling)
    for linear in numbering.linear.compactMap({ $0 }) {
      let output = coupling.valueAxes[linear.output]![linear.outputAxis]
      let input = coupling.valueAxes[linear.input]![linear.inputAxis]
      layers.append(
        MatrixLayer(
          linear: linear, rows: numbering.channels(output), columns: numbering.channels(input)))
    }
    count = numbering.keys.count
    // An axis of one element is nothing that channels could be followed by.
    isSource = numbering.keys.map { key in
      key.isEmpty || key.contains { numbering.sources.contains($0.leaf) }
    }
    isSink = numbering.keys.map { key in
      key.isEmpty || key.contains { numbering.sinks.contains($0.leaf) }
    }
    firstMaker = [Int?](repeating: nil, count: count)
    lastReader = [Int?](repeating: nil, count: count)
    for (number, layer) in layers.enumerated() where !layer.isPassage {
      for channel in layer.rows where firstMaker[channel] == nil { firstMaker[channel] = number }
      for channel in layer.columns { lastReader[channel] = number }
    }
    for (channel, key) in numbering.keys.enumerated() {
      needsMaker.append(
        firstMaker[channel] != nil && !isSource[channel]
          && !key.contains { numbering.outputs.contains($0.leaf) })
      needsReader.append(
        lastReader[channel] != nil && !isSink[channel]
          && !key.contains { numbering.inputs.contains($0.leaf) })
      for (leaf, index) in key.map({ ($0.leaf, $0.index) }) {
        if let group = coupling.group(of: leaf) { channelsOfGroup[group][index].append(channel) }
      }
    }
  }

  /// The index of a leaf at a place of an axis.
  private struct Digit: Hashable {
    var leaf: Factor
    var index: Int
  }

  private struct Numbering {
    let coupling: Coupling
    /// For each node, its product.
    let linear: [LinearLayer?]
    private(set) var sources: Set<Factor> = []
    private(set) var sinks: Set<Factor> = []
    /// Leaves of the graph's inputs and outputs.
    private(set) var inputs: Set<Factor> = []
    private(set) var outputs: Set<Factor> = []
    /// Leaves that rows of matrices make; further ones beside them tell places of a map apart.
    private var made: Set<Factor> = []
    private(set) var keys: [[Digit]] = []
    private var numbers: [[Digit]: Int] = [:]

    init(_ coupling: Coupling) {
      self.coupling = coupling
      let graph = coupling.graph
      linear = graph.graph.nodes.indices.map { LinearLayer($0, of: graph) }
      for (index, node) in graph.graph.nodes.enumerated() {
        let read = leaves(of: node.inputs)
        let given = leaves(of: node.outputs)
        var (gained, lost) = (given.subtracting(read), read.subtracting(given))
        if let linear = linear[index] {
          let rows = leaves(of: linear.output, axis: linear.outputAxis)
          made.formUnion(rows.subtracting(read))
          gained.subtract(rows)
          lost.subtract(leaves(of: linear.input, axis: linear.inputAxis))
        }
        sources.formUnion(gained)
        sinks.formUnion(lost)
        for capture in node.captures { sinks.formUnion(leaves(of: [capture])) }
      }
      inputs = leaves(of: graph.graph.inputs)
      outputs = leaves(of: graph.graph.outputs)
      sources.formUnion(inputs)
      sinks.formUnion(outputs)
    }

    private func leaves(of values: [Graph.ValueID?]) -> Set<Factor> {
      Set(
        values.flatMap { $0.flatMap { coupling.valueAxes[$0] } ?? [] }.flatMap(
          coupling.algebra.leaves))
    }

    private func leaves(of value: Graph.ValueID, axis: Int) -> Set<Factor> {
      Set(coupling.algebra.leaves(coupling.valueAxes[value]![axis]))
    }

    /// The channel at each position of an axis.
    mutating func channels(_ axis: Axis) -> [Int] {
      let layout = coupling.algebra.layout(axis)
      var result = [Int](repeating: 0, count: layout.size)
      for box in layout.boxes {
        forEachIndex(of: box.digits.map(\.size)) { index in
          let position = zip(index, box.digits).reduce(box.start) { $0 + $1.0 * $1.1.stride }
          let digits = zip(index, box.digits).map { Digit(leaf: $0.1.leaf, index: $0.0) }
          let own = digits.filter { made.contains($0.leaf) }
          result[position] = number(
            (own.isEmpty ? digits : own).sorted { $0.leaf.number < $1.leaf.number })
        }
      }
      return result
    }

    private mutating func number(_ key: [Digit]) -> Int {
      if let known = numbers[key] { return known }
      numbers[key] = keys.count
      keys.append(key)
      return keys.count - 1
    }
  }
}
