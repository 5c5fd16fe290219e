internal import CEspalierKernels
internal import EspalierModelFile

/// A tensor as a step sees it: element type, extents, and where its bytes lie in this session.
@safe
struct Operand {
  let element: ElementCode
  let dims: [Int]
  /// Elements.
  let count: Int
  /// In the arena or, for a constant, in the mapped file; constants are only ever read.
  let address: UnsafeMutableRawPointer
  let isConstant: Bool

  var rank: Int { dims.count }
  var type: esp_type { esp_type(rawValue: UInt32(element.rawValue)) }
  var elementSize: Int32 { Int32(element.size) }
  var byteCount: Int { count * element.size }

  var floats: UnsafePointer<Float> { unsafe UnsafePointer(writableFloats) }
  var writableFloats: UnsafeMutablePointer<Float> {
    unsafe address.assumingMemoryBound(to: Float.self)
  }

  /// Product of the extents of some axes.
  func product(_ axes: Range<Int>) -> Int { dims[axes].reduce(1, *) }

  /// Row-major strides, in elements, when stretched over `target`; nil where they do not stretch.
  func strides(over target: [Int]) -> [Int]? {
    guard rank <= target.count else { return nil }
    var strides = [Int](repeating: 0, count: target.count)
    var stride = 1
    for axis in (0..<rank).reversed() {
      let place = axis + target.count - rank
      if dims[axis] == target[place] {
        strides[place] = dims[axis] == 1 ? 0 : stride
      } else if dims[axis] != 1 {
        return nil
      }
      stride *= dims[axis]
    }
    return strides
  }
}

/// The extents of several operands stretched over one another as NumPy does; nil where they cannot.
func stretched(_ shapes: [[Int]]) -> [Int]? {
  let rank = shapes.reduce(0) { max($0, $1.count) }
  var result = [Int](repeating: 1, count: rank)
  for shape in shapes {
    for (axis, extent) in shape.enumerated() where extent != 1 {
      let place = axis + rank - shape.count
      guard result[place] == 1 || result[place] == extent else { return nil }
      result[place] = extent
    }
  }
  return result
}
