internal import EspalierExecutor

/// The command line, taken apart without comparing strings, which would link Unicode's tables.
struct Arguments {
  enum Command { case help, run, bench }

  var command = Command.help
  var model = ""
  var inputs: [(name: [UInt8], path: String)] = []
  var folder: String?
  var threads = 1
  var instructionSet: InstructionSet?
  var printsJSON = false

  init(_ words: [String]) throws(Failure) {
    var rest = words[...]
    guard let first = rest.popFirst() else { throw .usage("a command is missing") }
    if first.isWord("run") {
      command = .run
    } else if first.isWord("bench") {
      command = .bench
    } else if first.isWord("--help") || first.isWord("-h") || first.isWord("help") {
      return
    } else {
      throw .usage("no such command: \(first)")
    }
    var models: [String] = []
    while let word = rest.popFirst() {
      if word.isWord("--input") {
        inputs.append(try Self.input(try Self.value(of: word, &rest)))
      } else if word.isWord("-o") || word.isWord("--output") {
        folder = try Self.value(of: word, &rest)
      } else if word.isWord("--threads") {
        threads = try Self.threads(try Self.value(of: word, &rest))
      } else if word.isWord("--isa") {
        instructionSet = try Self.instructionSet(try Self.value(of: word, &rest))
      } else if word.isWord("--json") {
        printsJSON = true
      } else if word.utf8.first == UInt8(ascii: "-") {
        throw .usage("no such option: \(word)")
      } else {
        models.append(word)
      }
    }
    guard models.count == 1 else { throw .usage("one model file is needed") }
    model = models[0]
    guard command == .bench || folder != nil else { throw .usage("-o DIR is missing") }
  }

  private static func value(
    of option: String, _ rest: inout ArraySlice<String>
  ) throws(Failure) -> String {
    guard let value = rest.popFirst() else { throw .usage("\(option) needs a value") }
    return value
  }

  private static func input(_ value: String) throws(Failure) -> (name: [UInt8], path: String) {
    let bytes = Array(value.utf8)
    // Names may hold any character, file names on boards seldom an equals sign.
    guard let split = bytes.lastIndex(of: UInt8(ascii: "=")), split + 1 < bytes.count else {
      throw .usage("--input takes NAME=FILE.npy")
    }
    return (Array(bytes[..<split]), String(decoding: bytes[(split + 1)...], as: UTF8.self))
  }

  private static func threads(_ value: String) throws(Failure) -> Int {
    var count = 0
    for digit in value.utf8 {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit), count < 10_000 else {
        throw .usage("--threads takes 1 ... 1024")
      }
      count = count * 10 + Int(digit - UInt8(ascii: "0"))
    }
    guard (1...1024).contains(count) else { throw .usage("--threads takes 1 ... 1024") }
    return count
  }

  private static func instructionSet(_ value: String) throws(Failure) -> InstructionSet {
    for set in InstructionSet.allCases where Array(set.name.utf8) == Array(value.utf8) {
      return set
    }
    throw .usage("--isa takes scalar, neon, avx2 or avx512")
  }
}

extension String {
  /// Whether it has the same bytes.
  func isWord(_ word: StaticString) -> Bool {
    Array(utf8) == Array(word.description.utf8)
  }
}
