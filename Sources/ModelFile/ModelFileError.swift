/// Why a model file is refused or cannot be written: a stable code, the place, and the cause.
public struct ModelFileError: Error, Sendable {
  /// Stable codes; scripts may rely on them, so they are added but never reused.
  public enum Code: UInt16, Sendable {
    // Gate 1: the envelope.
    case tooShort = 3001
    case badMagic = 3002
    case badLength = 3003
    case unsupportedVersion = 3004
    case unknownFeature = 3005
    case badChecksum = 3006
    case badSegment = 3007
    // Gate 2: structure.
    case badStructure = 3008
    case misaligned = 3009
    // Gate 3: meaning.
    case overLimit = 3010
    case badText = 3011
    case badTensor = 3012
    case badPlacement = 3013
    case badStep = 3014
    case badReference = 3015
    case notWritten = 3016
    case overlap = 3017
    case badWeight = 3018
    // Writing.
    case cannotWrite = 3019
    // What a step's numbers or shapes demand of each other.
    case badShape = 3020
    case badNumber = 3021
    case unsupportedStep = 3022
  }

  /// Where in the file.
  public enum Place: Sendable, Equatable {
    case file
    /// Offset from the file's start.
    case byte(UInt64)
    case tensor(Int)
    case step(Int)
    case weight(Int)
    /// Position among the model's inputs or outputs.
    case input(Int)
    case output(Int)
    /// No place in the file: the system's error number.
    case system(Int32)
  }

  public var code: Code
  public var place: Place
  /// What is wrong, and where it helps what would fix it.
  public var cause: StaticString

  public init(_ code: Code, at place: Place, _ cause: StaticString) {
    self.code = code
    self.place = place
    self.cause = cause
  }
}

extension ModelFileError.Place: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file: "the file"
    case .byte(let offset): "byte \(offset)"
    case .tensor(let index): "tensor \(index)"
    case .step(let index): "step \(index)"
    case .weight(let index): "weight \(index)"
    case .input(let index): "input \(index)"
    case .output(let index): "output \(index)"
    case .system(let number): "system error \(number)"
    }
  }
}

extension ModelFileError: CustomStringConvertible {
  public var description: String { "E\(code.rawValue) at \(place): \(cause)" }
}
