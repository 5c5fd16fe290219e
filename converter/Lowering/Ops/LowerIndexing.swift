package import EspalierGraph
import EspalierModelFile

extension Gather: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let (data, index) = (try builder.operand(0), try builder.indices(1))
    let (shape, type) = (builder.shape(of: data), try builder.outputType())
    if let places = builder.constant(1)?.integers, places.count == 1,
      let place = try plan(shape, at: Int(places[0]))
    {
      // A part, whose readers may read the whole instead.
      builder.bind(to: builder.view(builder.taken(data, place), type.shape))
      return
    }
    let axis = try plan(shape, indices: builder.shape(of: index)).lines.axis
    builder.bind(to: builder.emit(.gather, [data, index], type, integers: [axis]))
  }
}

extension GatherElements: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let (data, index) = (try builder.operand(0), try builder.indices(1))
    let axis = try plan(builder.shape(of: data), indices: builder.shape(of: index)).axis
    builder.bind(
      to: builder.emit(
        .gatherElements, [data, index], try builder.outputType(), integers: [axis]))
  }
}

extension GatherND: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let data = try builder.operand(0)
    let index = builder.cast(try builder.operand(1), to: .int64)
    builder.bind(
      to: builder.emit(
        .gatherND, [data, index], try builder.outputType(), integers: [batchAxes]))
  }
}

extension ReverseSequence: Lowerable {
  /// A gather over the first two axes as one; where lengths are computed, over the time of each sequence.
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let (data, lengths) = (try builder.operand(0), try builder.operand(1))
    let (shape, type) = (builder.shape(of: data), try builder.outputType())
    if let constant = builder.constant(1) {
      let sources = try plan(shape, lengths: constant.integers).map { Int64($0) }
      let index = builder.add(constant: Tensor(integers: sources))
      let rows = builder.view(data, [shape[0] * shape[1]] + shape[2...])
      let result = builder.emit(
        .gather, [rows, index], TensorType(type.elementType, builder.shape(of: rows)),
        integers: [0])
      return builder.bind(to: builder.view(result, shape))
    }
    // In the order batch, time: so a length that is too large reaches no other sequence.
    let swapped = [1, 0] + Array(shape.indices.dropFirst(2))
    let rows = timeAxis == 0 ? builder.transposed(data, swapped) : data
    let (batch, extent) = (shape[1 - timeAxis], shape[timeAxis])
    let times = builder.add(
      constant: Tensor(integers: (0..<Int64(extent)).map { $0 }, shape: [1, extent]))
    let next = builder.add(
      constant: Tensor(integers: (0..<Int64(extent)).map { $0 + 1 }, shape: [1, extent]))
    let column = builder.view(lengths, [batch, 1])
    let places = TensorType(.int64, [batch, extent])
    let mirrored = builder.emitBinary(.subtract, column, next, type: places)
    let isInside = builder.emitBinary(
      .less, times, column, type: TensorType(.bool, places.shape))
    let index = builder.emit(.select, [isInside, mirrored, times], places)
    let result = builder.emit(
      .gatherND, [rows, builder.view(index, [batch, extent, 1])],
      TensorType(type.elementType, builder.shape(of: rows)), integers: [1])
    builder.bind(to: timeAxis == 0 ? builder.transposed(result, swapped) : result)
  }
}

extension ScatterReduction {
  /// The model file's code.
  fileprivate var code: Int {
    switch self {
    case .none: 0
    case .add: 1
    case .mul: 2
    case .min: 3
    case .max: 4
    }
  }
}

extension ScatterND: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let (data, updates) = (try builder.operand(0), try builder.operand(2))
    let index = builder.cast(try builder.operand(1), to: .int64)
    builder.bind(
      to: builder.emit(
        .scatterND, [data, index, updates], try builder.outputType(),
        integers: [reduction.code]))
  }
}

extension ScatterElements: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let (data, index) = (try builder.operand(0), try builder.indices(1))
    let axis = try plan(builder.shape(of: data), indices: builder.shape(of: index)).axis
    builder.bind(
      to: builder.emit(
        .scatterElements, [data, index, try builder.operand(2)],
        try builder.outputType(), integers: [axis, reduction.code]))
  }
}

extension ProgramBuilder {
  /// An operand of indices, in a type that the runtime takes them in.
  fileprivate mutating func indices(_ input: Int) throws(GraphError) -> Program.TensorID {
    let index = try operand(input)
    return [.int32, .int64].contains(type(of: index).elementType) ? index : cast(index, to: .int64)
  }
}

extension Resize: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let tables = try samplingTables(builder.operatorInputs())
    var result = try builder.emitResampling(try builder.operand(0), tables)
    let type = builder.type(of: result)
    let value = builder.constant([extrapolation], [1])
    for (axis, samples) in tables.enumerated() where samples.contains(where: \.isOutside) {
      // What lies outside on one axis is outside everywhere across it.
      var shape = [Int](repeating: 1, count: type.rank)
      shape[axis] = samples.count
      let mask = builder.add(
        constant: Tensor(
          elementType: .bool, shape: shape, integers: samples.map { $0.isOutside ? 1 : 0 }))
      result = builder.emit(.select, [mask, value, result], type)
    }
    builder.bind(to: result)
  }
}

extension Upsample: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    builder.bind(
      to: try builder.emitResampling(
        try builder.operand(0), samplingTables(builder.operatorInputs())))
  }
}

extension GridSample: Lowerable {
  package func lower(_ builder: inout ProgramBuilder) throws(GraphError) {
    let taps =
      switch mode {
      case .nearest: 1
      case .linear: 2
      case .cubic: 4
      }
    let outside =
      switch padding {
      case .zeros: 0
      case .border: 1
      case .reflection: 2
      }
    builder.bind(
      to: builder.emit(
        .gridSample, [try builder.operand(0), try builder.operand(1)], try builder.outputType(),
        integers: [taps, outside, alignsCorners ? 1 : 0]))
  }
}

extension ProgramBuilder {
  /// Resizes axis by axis with the same tables as the reference evaluation.
  fileprivate mutating func emitResampling(
    _ x: Program.TensorID, _ tables: [[Resampling.Sample]]
  ) throws(GraphError) -> Program.TensorID {
    guard type(of: x).elementType == .float32 else {
      throw unsupported("resizing of \(type(of: x).elementType) tensors")
    }
    var result = x
    for (axis, samples) in tables.enumerated() {
      let extent = shape(of: result)[axis]
      if samples.count == extent,
        samples.enumerated().allSatisfy({ $1.indices == [$0] && $1.weights == [1] })
      {
        continue
      }
      let taps = max(samples.map(\.indices.count).max() ?? 1, 1)
      var indices: [Int64] = []
      var weights: [Float] = []
      for sample in samples {
        for tap in 0..<taps {
          let isThere = tap < sample.indices.count
          indices.append(isThere ? Int64(sample.indices[tap]) : 0)
          weights.append(isThere ? Float(sample.weights[tap]) : 0)
        }
      }
      var shape = shape(of: result)
      shape[axis] = samples.count
      let index = add(
        constant: Tensor(
          elementType: .int32, shape: [samples.count, taps], integers: indices))
      let weight = add(constant: Tensor(weights, shape: [samples.count, taps]))
      result = emit(
        .resample, [result, index, weight], TensorType(.float32, shape), integers: [axis])
    }
    return result
  }
}
