import EspalierBoard
import Foundation
import Testing

@Suite struct NumPyTests {
  /// A file as NumPy writes it: format, dictionary, values.
  static func file(_ dictionary: String, version: UInt8 = 1, values: [UInt8] = []) -> [UInt8] {
    let text = Array(dictionary.utf8) + [0x0A]
    let length = UInt32(text.count)
    let size = (0..<(version == 1 ? 2 : 4)).map { UInt8((length >> (8 * $0)) & 255) }
    return [0x93] + Array("NUMPY".utf8) + [version, 0] + size + text + values
  }

  func header(_ bytes: [UInt8]) throws -> NumPyHeader {
    try unsafe bytes.withUnsafeBytes { try unsafe NumPyHeader(parsing: $0) }
  }

  @Test(arguments: [1, 2, 3] as [UInt8])
  func readsWhatNumPyWrites(_ version: UInt8) throws {
    let bytes = Self.file(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", version: version,
      values: [UInt8](repeating: 0, count: 24))
    let header = try header(bytes)
    #expect(header.element == .float32)
    #expect(header.dims == [2, 3])
    #expect(header.dataOffset == bytes.count - 24)
  }

  @Test func readsScalarsAndVectors() throws {
    let one = [UInt8](repeating: 0, count: 8)
    let scalar = Self.file("{'descr': '<i8', 'fortran_order': False, 'shape': (), }", values: one)
    #expect(try header(scalar).dims == [])
    let vector = Self.file("{'shape':(1,),'descr':'<i8','fortran_order':True}", values: one)
    #expect(try header(vector).dims == [1])
  }

  @Test(arguments: [
    file("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", values: [0, 0, 0, 0]),
    file("{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", values: [0, 0, 0, 0]),
    file("{'descr': '<f4', 'fortran_order': True, 'shape': (1, 1), }", values: [0, 0, 0, 0]),
    file("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", values: [0, 0, 0, 0]),
    file("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", values: [0, 0, 0, 0, 0]),
    file("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", values: [0, 0, 0, 0]),
    file("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }"),
    file("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }"),
    file("{'descr': '<f4', 'fortran_order': False, }", values: [0, 0, 0, 0]),
    file("{'descr': '<f4', 'shape': (1,), 'fortran_order': False", values: [0, 0, 0, 0]),
    file("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", version: 4),
    Array("plain text, no array at all".utf8), [],
  ])
  func refuses(_ bytes: [UInt8]) {
    #expect(throws: NumPyError.self) { try header(bytes) }
  }

  @Test func everyTruncationIsRefused() {
    let bytes = Self.file(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", values: [0, 0, 0, 0])
    for length in bytes.indices {
      #expect(throws: NumPyError.self) { try header(Array(bytes[..<length])) }
    }
  }

  @Test(arguments: NumPyElement.allCases, [[], [3], [2, 0], [2, 3, 4]])
  func roundTrip(_ element: NumPyElement, _ dims: [Int]) throws {
    let values = (0..<dims.reduce(element.size, *)).map { UInt8(truncatingIfNeeded: $0) }
    try withTemporaryFolder { folder in
      let path = folder + "/array.npy"
      try unsafe values.withUnsafeBytes {
        try unsafe NumPyFile.write($0, element: element, dims: dims, to: path)
      }
      let file = try NumPyFile(contentsOf: path)
      #expect(file.header.element == element)
      #expect(file.header.dims == dims)
      #expect(file.header.dataOffset % 64 == 0)
      #expect(unsafe Array(file.values) == values)
    }
  }
}
