/// The element types that travel in `.npy` files; raw values are ONNX's codes.
public enum NumPyElement: Int32, Sendable, CaseIterable {
  case float32 = 1
  case uint8 = 2
  case int8 = 3
  case int32 = 6
  case int64 = 7
  case bool = 9

  /// Bytes of one element.
  public var size: Int {
    switch self {
    case .float32, .int32: 4
    case .int64: 8
    case .uint8, .int8, .bool: 1
    }
  }

  /// Its name in messages.
  public var name: String {
    switch self {
    case .float32: "float32"
    case .uint8: "uint8"
    case .int8: "int8"
    case .int32: "int32"
    case .int64: "int64"
    case .bool: "bool"
    }
  }

  /// NumPy's own description, such as `<f4`.
  var description: StaticString {
    switch self {
    case .float32: "<f4"
    case .uint8: "|u1"
    case .int8: "|i1"
    case .int32: "<i4"
    case .int64: "<i8"
    case .bool: "|b1"
    }
  }
}

/// Why bytes are not an `.npy` file this runtime takes: what was found, and at which byte.
public struct NumPyError: Error, Sendable, CustomStringConvertible {
  public var message: StaticString
  /// Offset of the first byte that does not fit.
  public var place: Int

  public var description: String { "byte \(place): \(message)" }
}

/// What an `.npy` file says about its values: element type, extents, and where they begin.
public struct NumPyHeader: Sendable {
  public var element: NumPyElement
  public var dims: [Int]
  /// Offset of the first value in the file.
  public var dataOffset: Int

  /// Values, counted.
  public var count: Int { dims.reduce(1, *) }

  /// Reads format 1.0, 2.0 or 3.0 and checks that exactly the announced values follow.
  ///
  /// Throws on other types, Fortran order, big-endian values, and missing or surplus bytes.
  public init(parsing file: UnsafeRawBufferPointer) throws(NumPyError) {
    var text = unsafe HeaderText(bytes: file)
    dataOffset = try text.dataOffset()
    var element: NumPyElement?
    var dims: [Int]?
    var isFortran: Bool?
    try text.expect("{")
    while !text.skips("}") {
      if text.skips("'descr':") {
        element = try text.element()
      } else if text.skips("'fortran_order':") {
        isFortran = try text.truth()
      } else if text.skips("'shape':") {
        dims = try text.extents()
      } else {
        throw text.error("expected 'descr', 'fortran_order' or 'shape'")
      }
      if !text.skips(",") { try text.expect("}", consuming: false) }
    }
    guard let element, let dims, let isFortran else {
      throw text.error("'descr', 'fortran_order' or 'shape' is missing")
    }
    guard !isFortran || dims.count < 2 else {
      throw text.error("Fortran order; save numpy.ascontiguousarray(x)")
    }
    var size = element.size
    for extent in dims {
      let (product, overflow) = size.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw text.error("the extents' product overflows") }
      size = product
    }
    guard size == file.count - dataOffset else {
      throw NumPyError(message: "the values' length is not the shape's", place: dataOffset)
    }
    self.element = element
    self.dims = dims
  }

  /// The bytes of a format 1.0 header, padded so that values begin at a multiple of 64.
  public static func bytes(element: NumPyElement, dims: [Int]) -> [UInt8] {
    var text = "{'descr': '\(element.description)', 'fortran_order': False, 'shape': ("
    for extent in dims { text += "\(extent), " }
    text += "), }"
    var header = Array(text.utf8)
    let total = (10 + header.count + 1 + 63) / 64 * 64
    precondition(total - 10 <= UInt16.max, "a shape of so many axes has no .npy header")
    header += [UInt8](repeating: UInt8(ascii: " "), count: total - 10 - header.count - 1)
    header.append(UInt8(ascii: "\n"))
    let length = UInt16(header.count)
    return Array("\u{93}NUMPY".unicodeScalars.map { UInt8($0.value) })
      + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + header
  }
}

/// A cursor over the Python dictionary literal of a header.
@safe
private struct HeaderText {
  let bytes: UnsafeRawBufferPointer
  var position = 0
  var end = 0

  init(bytes: UnsafeRawBufferPointer) {
    unsafe self.bytes = unsafe bytes
  }

  func error(_ message: StaticString) -> NumPyError {
    NumPyError(message: message, place: position)
  }

  /// Checks magic, version and length, puts the cursor on the dictionary, and gives its end.
  mutating func dataOffset() throws(NumPyError) -> Int {
    end = unsafe min(bytes.count, 12)
    guard skips("\u{93}NUMPY"), position == 6 else { throw error("not an .npy file") }
    guard end == 12, case let major = unsafe bytes[6], (1...3).contains(major) else {
      throw error("unknown .npy version")
    }
    var length = unsafe Int(bytes[8]) | Int(bytes[9]) << 8
    position = 10
    if major > 1 {
      length |= unsafe Int(bytes[10]) << 16 | Int(bytes[11]) << 24
      position = 12
    }
    guard unsafe length <= bytes.count - position else { throw error("the header is cut short") }
    end = position + length
    return end
  }

  /// Steps over `word` and the blanks before it, where it stands there.
  mutating func skips(_ word: StaticString) -> Bool {
    while position < end, case let byte = unsafe bytes[position], byte == 0x20 || byte == 0x0A {
      position += 1
    }
    var next = position
    var matches = true
    for scalar in word.description.unicodeScalars where matches {
      matches = unsafe next < end && UInt32(bytes[next]) == scalar.value
      next += 1
    }
    if matches { position = next }
    return matches
  }

  mutating func expect(_ word: StaticString, consuming: Bool = true) throws(NumPyError) {
    let start = position
    guard skips(word) else { throw error("malformed header") }
    if !consuming { position = start }
  }

  mutating func element() throws(NumPyError) -> NumPyElement {
    for element in NumPyElement.allCases {
      let start = position
      if skips("'"), skips(element.description), skips("'") { return element }
      position = start
    }
    throw error("element type other than f4, i8, i4, i1, u1 and b1, little-endian; use .astype")
  }

  mutating func truth() throws(NumPyError) -> Bool {
    if skips("True") { return true }
    try expect("False")
    return false
  }

  mutating func extents() throws(NumPyError) -> [Int] {
    var extents: [Int] = []
    try expect("(")
    while !skips(")") {
      guard extents.count < 32 else { throw error("more than 32 axes") }
      extents.append(try number())
      if !skips(",") { try expect(")", consuming: false) }
    }
    return extents
  }

  mutating func number() throws(NumPyError) -> Int {
    _ = skips("")
    var value = 0
    let start = position
    while position < end, case let byte = unsafe bytes[position], (0x30...0x39).contains(byte) {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(Int(byte) - 0x30)
      guard !overflow, !carry else { throw error("an extent overflows") }
      value = sum
      position += 1
    }
    guard position > start else { throw error("expected an extent") }
    return value
  }
}
