public import EspalierGraph
public import EspalierPruning
internal import EspalierTensorFiles

extension Graph {
  /// Shapes for inputs that data is given for: but for the first axis, which counts samples, they are the
  /// data's. A run takes as many samples as the file, another input with the same symbol or `given` says,
  /// else one.
  ///
  /// - Parameters:
  ///   - given: Shapes by input name, which hold whatever the data has.
  ///   - data: Shapes of arrays `[samples, ...]` with the inputs' names; `nil` where there is one input.
  ///   - file: What messages call the model.
  /// - Throws: `EspalierError` (65) with every given shape that contradicts the data.
  public func inputShapes(
    _ given: [String: [Int]] = [:], ofData data: [(input: String?, shape: [Int])],
    file: String = "the model"
  ) throws(EspalierError) -> [String: [Int]] {
    var result = given
    var contradictions: [GraphError] = []
    for (name, shape) in data {
      // What names no input, or is no array of samples, is told of where the data is cut into runs.
      let id = inputs.first { id in name.map { values[id].name == $0 } ?? (inputs.count == 1) }
      guard let id, !shape.isEmpty, values[id].opaqueType == nil else { continue }
      let name = values[id].name
      if let asked = given[name] {
        guard asked.count == shape.count, asked.dropFirst() == shape.dropFirst() else {
          contradictions.append(
            GraphError(
              .badShape,
              "--input-shape says \(asked), and the data is [samples"
                + shape.dropFirst().map { ", \($0)" }.joined()
                + "]; leave --input-shape out, or give other data",
              node: "input \"\(name)\""))
          continue
        }
      } else if result[name] == nil {
        result[name] = openShape(of: id, shape, given)
      }
    }
    guard contradictions.isEmpty else {
      throw EspalierError(GraphProblems(contradictions), in: file)
    }
    return result
  }

  /// The same, of NumPy files.
  /// - Throws: As for their shapes, and for a file that cannot be read.
  public func inputShapes(
    _ given: [String: [Int]] = [:], ofData data: [CalibrationArray], file: String = "the model"
  ) throws(EspalierError) -> [String: [Int]] {
    var shapes: [(input: String?, shape: [Int])] = []
    do throws(TensorFileError) {
      for array in data { shapes.append((array.input, try shape(ofNumPy: array.path))) }
    } catch {
      throw EspalierError(error)
    }
    let names = inputs.map { values[$0].name }
    for array in data {
      guard let name = array.input ?? (names.count == 1 ? names[0] : nil), names.contains(name)
      else {
        throw EspalierError(
          exitCode: 65,
          "\(file): --data \(array) names no input of the model; it has \(names.joined(separator: ", "))"
        )
      }
    }
    return try inputShapes(given, ofData: shapes, file: file)
  }

  /// What an input is declared to be, with the data's extents where that leaves them open.
  private func openShape(of id: ValueID, _ shape: [Int], _ given: [String: [Int]]) -> [Int]? {
    guard let declared = values[id].shape else { return [1] + shape.dropFirst() }
    guard declared.count == shape.count else { return nil }
    return zip(declared.indices, declared).map { axis, dimension in
      switch dimension {
      case .fixed(let extent): extent
      case .symbol(let symbol) where axis == 0: self.extent(ofSymbol: symbol, given) ?? 1
      case .unknown where axis == 0: 1
      case .symbol, .unknown: shape[axis]
      }
    }
  }

  /// What shapes that are given say of a symbol.
  private func extent(ofSymbol symbol: String, _ given: [String: [Int]]) -> Int? {
    for id in inputs {
      guard let declared = values[id].shape, let shape = given[values[id].name],
        let axis = declared.firstIndex(of: .symbol(symbol)), axis < shape.count
      else { continue }
      return shape[axis]
    }
    return nil
  }
}
