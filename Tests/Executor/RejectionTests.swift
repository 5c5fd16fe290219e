import EspalierExecutor
import EspalierModelFile
import Testing

@Suite struct RejectionTests {
  /// Changes to valid steps, each of which breaks one rule of its kernel.
  static let broken: [StepCase] = [
    changed("convolution", StepCase.contractions[0]) { $0.steps[0].integers[2] = 0 },
    changed("kernel", StepCase.contractions[0]) { $0.steps[0].integers[0] = 3 },
    changed("padding", StepCase.contractions[0]) { $0.steps[0].integers[6] = -1 },
    changed("activation", StepCase.contractions[0]) { $0.steps[0].integers[8] = 11 },
    changed("output channels", StepCase.contractions[0]) { $0.tensors[3].dims = [1, 2, 2, 2] },
    changed("bias", StepCase.contractions[0]) {
      $0.tensors[2].dims = [2]
      $0.constants[0] = .floats([1, 2])
    },
    changed("computed bias", StepCase.contractions[0]) {
      $0.tensors[1].dims = [1]
      $0.steps[0].inputs = [0, 1]
    },
    changed("residual", StepCase.contractions[0]) { $0.tensors[1].dims = [1, 1, 4, 1] },
    changed("dilation", StepCase.contractions[0]) {
      $0.steps[0].integers[4] = Int64(Int32.max)
      $0.steps[0].integers[5] = Int64(Int32.max)
    },
    changed("batch", StepCase.contractions[0]) { $0.tensors[0].dims = [0, 1, 3, 3] },
    changed("depthwise channels", StepCase.contractions[2]) { $0.tensors[0].dims = [1, 4, 1, 3] },
    changed("Winograd stride", StepCase.contractions[9]) {
      $0.tensors[1].dims = [1, 1, 1, 2]
      $0.steps[0].integers.replaceSubrange(2..<4, with: [2, 2])
    },
    changed("Winograd dilation", StepCase.contractions[9]) { $0.steps[0].integers[4] = 2 },
    changed("Winograd taps", StepCase.contractions[9]) {
      $0.steps[0].integers.replaceSubrange(0..<2, with: [1, 9])
    },
    changed("features", StepCase.contractions[4]) { $0.tensors[0].dims = [2, 3] },
    changed("inner extent", StepCase.contractions[7]) { $0.tensors[1].dims = [2, 3] },
    changed("batch stretch", StepCase.contractions[7]) { $0.tensors[0].dims = [3, 1, 2] },
    changed("unary kind", StepCase.elementwise[0]) { $0.steps[0].integers[0] = 44 },
    changed("unary type", StepCase.elementwise[0]) { $0.tensors[0].type = .i8 },
    changed("unary shape", StepCase.elementwise[0]) { $0.tensors[1].dims = [2] },
    changed("binary shape", StepCase.elementwise[2]) { $0.tensors[2].dims = [3, 3] },
    changed("binary types", StepCase.elementwise[2]) { $0.tensors[0].type = .i32 },
    changed("condition", StepCase.elementwise[4]) { $0.tensors[0].type = .u8 },
    changed("scale", StepCase.elementwise[6]) { $0.steps[0].integers[1] = -1 },
    changed("axis twice", StepCase.reductions[0]) { $0.steps[0].integers.append(1) },
    changed("axis", StepCase.reductions[0]) { $0.steps[0].integers[2] = 2 },
    changed("reduced size", StepCase.reductions[0]) { $0.tensors[1].dims = [3] },
    changed("axes", StepCase.reductions[3]) { $0.steps[0].integers = [1, 2, 1] },
    changed("groups", StepCase.reductions[4]) { $0.steps[0].integers[1] = 1 << 62 },
    changed("affine length", StepCase.reductions[4]) { $0.steps[0].integers[4] = 1 },
    changed("pool stride", StepCase.reductions[5]) { $0.steps[0].integers[3] = 0 },
    changed("pool positions", StepCase.reductions[5]) { $0.steps[0].integers[0] = 2 },
    changed("k", StepCase.reductions[10]) {
      $0.tensors[1].dims = [4]
      $0.tensors[2].dims = [4]
    },
    changed("x stride", StepCase.movement[0]) { $0.steps[0].integers[4] = 2 },
    changed("x offset", StepCase.movement[0]) { $0.steps[0].integers[3] = 1 },
    changed("y stride", StepCase.movement[0]) { $0.steps[0].integers[7] = 3 },
    changed("y strides that meet", StepCase.movement[0]) { $0.steps[0].integers[7] = 1 },
    changed("y strides that meet backwards", StepCase.movement[0]) {
      $0.steps[0].integers.replaceSubrange(6..<9, with: [2, -1, 1])
    },
    changed("y stride 0", StepCase.movement[0]) { $0.steps[0].integers[8] = 0 },
    changed("stride overflow", StepCase.movement[0]) { $0.steps[0].integers[4] = .min },
    changed("sample", StepCase.movement[2]) { $0.constants[0] = .int32([0, 0, 0, 2, 1, 1]) },
    changed("negative sample", StepCase.movement[2]) {
      $0.constants[0] = .int32([0, 0, 0, -1, 1, 1])
    },
    changed("one-hot values", StepCase.movement[3]) {
      $0.tensors[1].dims = [1]
      $0.constants[0] = .floats([1])
    },
    changed("gather shape", StepCase.indexing[0]) { $0.tensors[2].dims = [2, 1] },
    changed("index type", StepCase.indexing[0]) { $0.tensors[1].type = .f32 },
    changed("index extent", StepCase.indexing[1]) {
      $0.tensors[1].dims = [1, 3]
      $0.tensors[2].dims = [1, 3]
    },
    changed("tuple length", StepCase.indexing[2]) { $0.tensors[1].dims = [1, 3] },
    changed("batch axes", StepCase.indexing[2]) { $0.steps[0].integers[0] = 2 },
    changed("reduction", StepCase.indexing[3]) { $0.steps[0].integers[0] = 5 },
    changed("adding bytes", StepCase.indexing[4]) { $0.steps[0].integers[1] = 1 },
    changed("contract stride", StepCase.others[0]) { $0.steps[0].integers[4] = 3 },
    changed("contract rank", StepCase.others[0]) { $0.steps[0].integers[0] = 17 },
    changed("keys", StepCase.attention) { $0.steps[0].integers[3] = 3 },
    changed("too many keys", StepCase.attention) {
      $0.steps[0].integers[3] = 1 << 28
      $0.steps[0].integers[13] = 0
      $0.steps[0].integers[17] = 0
    },
    changed("no heads", StepCase.attention) { $0.steps[0].integers[1] = 0 },
    changed("query offset", StepCase.attention) { $0.steps[0].integers[6] = 1 },
    changed("rows backwards", StepCase.attention) { $0.steps[0].integers[12] = -1 },
    changed("overlapping rows", StepCase.attention) { $0.steps[0].integers[20] = 0 },
    changed("output offset", StepCase.attention) { $0.steps[0].integers[18] = 1 },
    changed("addend", StepCase.attention) { $0.steps[0].integers[24] = 3 },
    changed("attention type", StepCase.attention) { $0.tensors[1].type = .i32 },
    changed("three taps", sampled) { $0.steps[0].integers[0] = 3 },
    changed("many taps", sampled) { $0.steps[0].integers[0] = 8 },
    changed("outside", sampled) { $0.steps[0].integers[1] = 3 },
    changed("corners", sampled) { $0.steps[0].integers[2] = 2 },
    changed("grid's images", sampled) { $0.tensors[1].dims[0] = 1 },
    changed("grid's axes", sampled) { $0.tensors[1].dims[3] = 1 },
    changed("grid's rank", sampled) { $0.tensors[1].dims.remove(at: 1) },
    changed("grid's type", sampled) { $0.tensors[1].type = .i32 },
    changed("places", sampled) { $0.tensors[1].dims[2] -= 1 },
    changed("sampled channels", sampled) { $0.tensors[0].dims[1] = 1 },
    changed("empty image", sampled) { $0.tensors[0].dims[3] = 0 },
    changed("hidden", StepCase.others[1]) { $0.tensors[2].dims = [1, 1, 2] },
    changed("recurrent function", StepCase.others[1]) { $0.steps[0].integers[4] = 31 },
    changed("too few integers", StepCase.reductions[3]) { $0.steps[0].integers.removeLast() },
    changed("too many floats", StepCase.elementwise[0]) { $0.steps[0].floats.append(0) },
    changed("surplus input", StepCase.elementwise[0]) { $0.steps[0].inputs = [0, 0] },
    changed("missing input", StepCase.elementwise[2]) { $0.steps[0].inputs = [0] },
    changed("missing weight", StepCase.contractions[4]) { $0.steps[0].weight = nil },
    changed("weight out of range", StepCase.contractions[4]) { $0.steps[0].weight = 7 },
  ]

  private static let sampled = StepCase.all.first { $0.kinds == [.gridSample] }!

  static func changed(
    _ name: String, _ step: StepCase, _ change: (inout ModelDescription) -> Void
  ) -> StepCase {
    var step = step
    step.name = name
    change(&step.model.description)
    return step
  }

  @Test(arguments: broken)
  func brokenStepIsRefused(_ step: StepCase) throws {
    do {
      _ = try run(step.model.description, [], like: [])
      Issue.record("accepted")
    } catch let error as ExecutorError {
      #expect(error.exitCode == 65)
      #expect(!error.description.isEmpty)
    } catch {
      #expect(error is ModelFileError, "the builder may refuse it, but nothing else may happen")
    }
  }

  /// Two workers must not write one element: the copy's place, code and cause are told.
  @Test(arguments: broken.filter { $0.name.hasPrefix("y strid") && $0.name != "y stride" })
  func copiesThatMeetAreRefusedByName(_ step: StepCase) throws {
    let error = #expect(throws: ExecutorError.self) {
      _ = try run(step.model.description, [], like: [])
    }
    guard case .step(let fault, _) = error else {
      Issue.record("refused elsewhere: \(String(describing: error))")
      return
    }
    #expect(fault.code == .badNumber)
    #expect("\(fault)".contains("written twice"))
  }

  /// Every number of every step replaced by numbers that break careless arithmetic: refused, or run
  /// to the end. Inputs stay zero, which is a valid index.
  @Test(arguments: StepCase.all)
  func wildNumbersNeverCrash(_ step: StepCase) throws {
    let original = step.model.description
    let wild: [Int64] = [
      -1, 0, 1, 2, 3, 7, 8, 1 << 31, (1 << 31) - 1, 1 << 32, 1 << 62, .max, .min, .min + 1,
    ]
    for index in original.steps.indices {
      for position in original.steps[index].integers.indices {
        for number in wild {
          var description = original
          description.steps[index].integers[position] = number
          attempt(description)
        }
      }
    }
    for tensor in original.tensors.indices {
      for type in [ElementCode.f32, .u8, .i8, .i32, .i64, .bool] {
        var description = original
        description.tensors[tensor].type = type
        attempt(description)
      }
      for axis in original.tensors[tensor].dims.indices {
        for extent in [0, 1, 2, 3, 5, 1 << 20, 1 << 31, Int.max] {
          var description = original
          description.tensors[tensor].dims[axis] = extent
          attempt(description)
        }
      }
    }
  }

  /// Several small changes at once reach steps that are valid and odd; inputs are random bytes.
  @Test(arguments: StepCase.all)
  func randomChangesNeverCrash(_ step: StepCase) {
    let seed: UInt64 = 20_261_121
    var random = SplitMix(state: seed)
    var accepted = 0
    for _ in 0..<400 {
      var description = step.model.description
      for _ in 0..<Int.random(in: 1...4, using: &random) { change(&description, &random) }
      if attempt(description, &random) { accepted += 1 }
    }
    // Some changes, such as of a parameter, leave a step valid: the test reaches kernels.
    #expect(accepted >= 40, "\(accepted) of 400 accepted, seed \(seed)")
  }

  private func change(_ description: inout ModelDescription, _ random: inout SplitMix) {
    let step = Int.random(in: description.steps.indices, using: &random)
    let tensor = Int.random(in: description.tensors.indices, using: &random)
    switch Int.random(in: 0..<5, using: &random) {
    case 0, 1:
      guard let position = description.steps[step].integers.indices.randomElement(using: &random)
      else { return }
      description.steps[step].integers[position] = Int64.random(in: -2...9, using: &random)
    case 2, 3:
      guard let axis = description.tensors[tensor].dims.indices.randomElement(using: &random)
      else { return }
      // Every tensor of the same extent with it, so that the shapes often still fit.
      let old = description.tensors[tensor].dims[axis]
      let new = Int.random(in: 0...6, using: &random)
      for other in description.tensors.indices {
        guard case .arena = description.tensors[other].placement else { continue }
        for place in description.tensors[other].dims.indices
        where description.tensors[other].dims[place] == old {
          description.tensors[other].dims[place] = new
        }
      }
    default:
      guard let position = description.steps[step].floats.indices.randomElement(using: &random)
      else { return }
      description.steps[step].floats[position] = [0, -1, .nan, .infinity, 1e30].randomElement(
        using: &random)!
    }
    spread(&description)
  }

  /// Gives tensors of the arena new places, as far apart as they have become large.
  private func spread(_ description: inout ModelDescription) {
    var offset = 0
    for index in description.tensors.indices {
      guard case .arena = description.tensors[index].placement else { continue }
      description.tensors[index].placement = .arena(offset: offset)
      let bytes = description.tensors[index].dims.reduce(description.tensors[index].type.size, *)
      offset += max(64, (bytes + 63) / 64 * 64)
    }
  }

  /// Loads and runs on random inputs; whether the model was accepted.
  private func attempt(_ description: ModelDescription, _ random: inout SplitMix) -> Bool {
    do {
      let file = try description.bytes()
      let model = try Model(copying: file.span)
      for set in InstructionSet.allCases where set.isAvailable {
        var session = try Session(model, threads: 2, instructionSet: set)
        for (position, info) in model.inputs.enumerated() {
          let bytes = (0..<info.byteCount).map { offset -> UInt8 in
            // Mostly small whole numbers, so that indices are often valid.
            offset % info.element.size == 0 ? UInt8.random(in: 0...3, using: &random) : 0
          }
          session.set(position, bytes)
        }
        try? session.run()
      }
      return true
    } catch {
      return false
    }
  }

  private func attempt(_ description: ModelDescription) {
    do {
      let file = try description.bytes()
      var limits = ModelFileLimits()
      limits.arenaBytes = 1 << 26
      let model = try Model(copying: file.span, limits: limits)
      var session = try Session(model)
      try session.run()
    } catch {
      // Refusal is one of the two right outcomes; the other is reaching this line without an error.
    }
  }

  /// Every single changed bit of a file is noticed by a checksum, or changes nothing.
  @Test func everyFlippedBitIsRefusedOrHarmless() throws {
    let step = StepCase.contractions[3]
    let file = try step.model.description.bytes()
    for byte in file.indices {
      for bit in 0..<8 {
        var flipped = file
        flipped[byte] ^= 1 << bit
        do throws(ExecutorError) {
          let model = try Model(copying: flipped.span)
          var session = try Session(model)
          session.set(0, step.inputs[0].bytes)
          try? session.run()
          let found = unsafe session.withOutput(0) { unsafe step.outputs[0].read($0) }
          #expect(step.outputs[0].agrees(with: found), "byte \(byte), bit \(bit)")
        } catch {
          #expect(error.exitCode == 65)
        }
      }
    }
  }

  @Test func everyTruncationIsRefused() throws {
    let file = try StepCase.contractions[3].model.description.bytes()
    for length in file.indices {
      let part = Array(file[..<length])
      #expect(throws: ExecutorError.self) { _ = try Model(copying: part.span) }
    }
  }
}

/// Random numbers that are the same on every machine.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
