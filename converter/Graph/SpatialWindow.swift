/// How a kernel slides over spatial axes, as a node's attributes say: shared by convolutions and pools.
public struct SpatialWindow: Sendable, Hashable {
  /// Where the zeros around the input come from.
  public enum Padding: String, Sendable, Hashable {
    case explicit = "NOTSET"
    case sameUpper = "SAME_UPPER"
    case sameLower = "SAME_LOWER"
    case valid = "VALID"
  }

  public let padding: Padding
  /// Kernel extents; `nil` where the weight's shape gives them.
  public let kernelShape: [Int]?
  /// Steps between windows; `nil` means 1 on each axis.
  public let strides: [Int]?
  /// Steps within a window; `nil` means 1 on each axis.
  public let dilations: [Int]?
  /// Begins of every axis, then ends; `nil` means none.
  public let pads: [Int]?
  /// Whether a last, partial window counts.
  public let ceilMode: Bool

  /// The largest value any of these attributes may have: products with extents then fit an `Int`.
  private static let limit = 1 << 30

  init(_ node: NodeContext) throws(GraphError) {
    let mode = try node.string("auto_pad", default: "NOTSET")
    guard let padding = Padding(rawValue: mode) else {
      throw GraphError(
        .badAttribute, "auto_pad \"\(mode)\" is none of NOTSET, SAME_UPPER, SAME_LOWER, VALID")
    }
    self.padding = padding
    kernelShape = try Self.read("kernel_shape", node, from: 1)
    strides = try Self.read("strides", node, from: 1)
    dilations = try Self.read("dilations", node, from: 1)
    pads = try Self.read("pads", node, from: 0)
    ceilMode = try node.boolean("ceil_mode", default: false)
  }

  private static func read(
    _ name: String, _ node: NodeContext, from lowest: Int
  ) throws(GraphError) -> [Int]? {
    // Some exporters write an empty list where they mean the default.
    guard let values = try node.integers(name), !values.isEmpty else { return nil }
    guard values.allSatisfy({ $0 >= lowest && $0 <= limit }) else {
      throw GraphError(
        .badAttribute, "\(name) \(values) has values outside \(lowest) to \(limit)")
    }
    return values
  }

  /// The kernel's extents: the attribute's, the weight's, or both where they agree.
  func kernel(of weight: [Int]? = nil) throws(GraphError) -> [Int] {
    guard let kernel = weight ?? kernelShape else {
      throw GraphError(.badAttribute, "kernel_shape is required")
    }
    if let kernelShape, kernelShape != kernel {
      throw GraphError(
        .badShape, "kernel_shape \(kernelShape) disagrees with the weight's \(kernel)")
    }
    guard kernel.allSatisfy({ $0 > 0 }) else {
      throw GraphError(.badShape, "the kernel \(kernel) is empty")
    }
    return kernel
  }

  /// Strides, dilations and paired pads for a number of spatial axes, defaults filled in.
  func filled(_ axes: Int) throws(GraphError) -> (
    strides: [Int], dilations: [Int], begins: [Int], ends: [Int]
  ) {
    let ones = [Int](repeating: 1, count: axes)
    let strides = strides ?? ones
    let dilations = dilations ?? ones
    let pads = pads ?? [Int](repeating: 0, count: 2 * axes)
    guard strides.count == axes, dilations.count == axes, pads.count == 2 * axes else {
      throw GraphError(
        .badAttribute,
        "strides \(strides), dilations \(dilations) or pads \(pads) do not suit \(axes) spatial axes"
      )
    }
    return (strides, dilations, Array(pads[..<axes]), Array(pads[axes...]))
  }

  /// The window over given spatial extents: pads resolved and output extents known.
  /// - Throws: `GraphError` where the attributes do not suit the rank or nothing fits.
  public func placed(over input: [Int], kernel: [Int]) throws(GraphError) -> PlacedWindow {
    guard kernel.count == input.count, !input.isEmpty else {
      throw GraphError(
        .badShape, "a kernel of \(kernel.count) axes does not suit \(input.count) spatial axes")
    }
    let (strides, dilations, begins, ends) = try filled(input.count)
    var placed = PlacedWindow(
      input: input, kernel: kernel, strides: strides, dilations: dilations, begins: begins,
      ends: ends)
    for axis in input.indices {
      let extent = placed.kernelExtent(axis)
      switch padding {
      case .explicit: break
      case .valid: (placed.begins[axis], placed.ends[axis]) = (0, 0)
      case .sameUpper, .sameLower:
        let outputs = (input[axis] + strides[axis] - 1) / strides[axis]
        let total = max(0, (outputs - 1) * strides[axis] + extent - input[axis])
        let small = total / 2
        (placed.begins[axis], placed.ends[axis]) =
          padding == .sameUpper ? (small, total - small) : (total - small, small)
      }
      let room = input[axis] + placed.begins[axis] + placed.ends[axis] - extent
      guard room >= 0 else {
        throw GraphError(
          .badShape,
          "a kernel reaching over \(extent) does not fit the padded extent \(room + extent)")
      }
      var outputs = room / strides[axis] + 1
      if ceilMode, padding == .explicit, room % strides[axis] != 0,
        // A window that would start in the padding after the input does not count.
        outputs * strides[axis] < input[axis] + placed.begins[axis]
      {
        outputs += 1
      }
      placed.output.append(outputs)
    }
    return placed
  }
}
