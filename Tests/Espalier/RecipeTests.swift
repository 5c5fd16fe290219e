import EspalierGraph
import EspalierONNX
import EspalierPruning
import EspalierZoo
import Foundation
import Testing

@testable import Espalier

@Suite struct RecipeTests {
  private static let full = """
    seed: 7
    steps:
      - pattern: channel
        method: spa
        budget: flops:1.5
        criterion: random
        aggregation: max
        normalisation: lamp
        scope: layer
        per-cost: true
        align: 4
        cap: 0.75
        caps: {"layer1": 0.5, 'layer2|fc': 0.25}
        layers: [layer]
        exclude: ["^layer4", conv1]
      - pattern: block:16x8
        method: magnitude
        sparsity: 5e-1
        scope: global
        include-ends: true
        layers: ["layer[34]"]
        exclude: []
      - {pattern: nm:2:4}
    """

  private func problem(_ text: String) -> String {
    do {
      _ = try Recipe(text: text, file: "r.yaml")
      return "accepted"
    } catch {
      #expect(error.exitCode == 78)
      return error.description
    }
  }

  private func options(
    _ pattern: String, _ change: (inout PruningOptions) throws -> Void = { _ in }
  ) throws -> PruningOptions {
    var options = PruningOptions()
    options.pattern = try PruningOptions.pattern(pattern)
    try change(&options)
    return options
  }

  private func channels(_ recipe: Recipe, _ place: Int = 0) throws -> ChannelStep {
    guard case .channels(let step) = recipe.steps[place] else { throw ShapeError() }
    return step
  }
  private func zeros(_ recipe: Recipe, _ place: Int) throws -> ZeroStep {
    guard case .zeros(let step) = recipe.steps[place] else { throw ShapeError() }
    return step
  }
  private struct ShapeError: Error {}

  /// Every value differs from its default.
  @Test func everyKeyArrives() throws {
    let recipe = try Recipe(text: Self.full, file: "r.yaml")
    #expect(recipe.seed == 7)
    let (step, blocks) = (try channels(recipe), try zeros(recipe, 1))
    var expected = ChannelStep(
      .channel, budget: .operations(ratio: 1.5), criterion: .weights(.random))
    expected.aggregation = .max
    expected.pruner.normalisation = .lamp
    expected.pruner.scope = .layer
    expected.pruner.weighsCosts = true
    expected.pruner.alignment = 4
    expected.pruner.cap = 0.75
    expected.pruner.caps = [
      LayerShare(layers: "layer1", share: 0.5), LayerShare(layers: "layer2|fc", share: 0.25),
    ]
    expected.pruner.layers = ["layer"]
    expected.pruner.exclude = ["^layer4", "conv1"]
    // Nothing is said of inputs: made-up ones serve a refit.
    expected.calibration = StepCalibration(source: .synthetic, refits: true)
    #expect(step == expected)
    var wanted = ZeroStep(
      try MagnitudePruner(
        pattern: .block(rows: 16, columns: 8), sparsity: 0.5, scope: .global,
        layers: ["layer[34]"], keepsFirstAndLast: false))
    wanted.calibration = expected.calibration
    #expect(blocks == wanted)
    // Defaults hold where nothing is said.
    #expect(
      try zeros(recipe, 2) == ZeroStep(MagnitudePruner(pattern: .strict(kept: 2, of: 4))))
  }

  /// What needs inputs, with every key of them; and what a method brings with it.
  @Test func keysOfCalibrationArrive() throws {
    let recipe = try Recipe(
      text: """
        steps:
          - pattern: head
            method: obspa
            sparsity: 0.25
            data: [x=a.npy, b.npy]
            samples: 12
            damping: 0.5
            recalibrate: true
          - {pattern: channel, budget: "params:2", scores: [s.safetensors, w=s.npy]}
          - {pattern: channel, sparsity: 0.1, criterion: wanda, data: ["noise:0.5:0.25"]}
        """, file: "r.yaml")
    let heads = try channels(recipe)
    var expected = ChannelStep(.head, budget: .channels(share: 0.25), method: .obspa)
    expected.recalibrates = true
    expected.calibration = StepCalibration(
      source: .arrays([
        CalibrationArray(input: "x", path: "a.npy"), CalibrationArray(path: "b.npy"),
      ]), samples: 12, refits: true, damping: 0.5)
    #expect(heads == expected && heads.rotates && heads.criterion == .reconstruction(.obspa))
    #expect(heads.stages == [.couple, .rotate, .score, .select, .slice, .refit])
    #expect(
      try channels(recipe, 1).criterion
        == .scores([.archive(path: "s.safetensors"), .array(initializer: "w", path: "s.npy")]))
    let noise = try channels(recipe, 2)
    #expect(noise.calibration.source == .noise(mean: 0.5, deviation: 0.25))
    #expect(noise.pruner.normalisation == .sum && noise.pruner.cap == 0.75)
    #expect(recipe.steps.map(\.files.arrays) == [["a.npy", "b.npy"], ["s.npy"], []])
  }

  /// Names hold what JSON and YAML quote in different ways.
  @Test func whatIsResolvedReadsBackTheSame() throws {
    var recipe = try Recipe(text: Self.full, file: "r.yaml")
    #expect(try Recipe(text: recipe.resolved, file: "r.yaml") == recipe)
    // Steps alone say the same.
    #expect(try Recipe(recipe.steps, seed: 7) == recipe)
    for text in ["a *b", "&x", "/model/a\\.b", "\"'#: ", "é\u{85}\t\u{7f}日本", "[*a]"] {
      let pattern = NSRegularExpression.escapedPattern(for: text)
      recipe = try Recipe(
        options("head") {
          $0.sparsity = 0.3
          $0.exclude = [pattern, ".* *x"]
        })
      #expect(try Recipe(text: recipe.resolved, file: "r.yaml") == recipe)
    }
  }

  /// What somebody wrote is kept as it was written.
  @Test func spellingsStay() throws {
    let recipe = try Recipe(
      text: "steps: [{pattern: channel, budget: flops:2.0, data: [noise:0.0:1]}]", file: "r.yaml")
    #expect(recipe.resolved.contains("\"budget\": \"flops:2.0\""))
    #expect(recipe.resolved.contains("\"data\": [\"noise:0.0:1\"]"))
  }

  @Test(arguments: [
    // The nearest key, with its place.
    ("steps:\n  - pattern: channel\n    budgit: flops:2", "r.yaml:3:5: E2102.*\"budget\""),
    ("step: []", "r.yaml:1:1: E2102.*\"steps\""),
    ("steps:\n- pattern: nm:2:4\n  budget: flops:2", "3:3: E2102.*do not take \"budget\""),
    ("steps:\n- pattern: nm:2:4\n  zzzzzzzz: 1", "3:3: E2102: unknown key \"zzzzzzzz\"; there are"),
    (
      "steps:\n- pattern: channel\n  sparsity: 0.5\n  criterion: l3",
      "4:14: E2104.*l1.*did you mean l1"
    ),
    // Types.
    ("steps:\n- pattern: channel\n  sparsity: half", "3:13: E2103.*a number"),
    ("steps:\n- pattern: channel\n  sparsity: \"0.5\"", "3:13: E2103"),
    ("steps:\n- pattern: channel\n  sparsity: [0.5]", "3:13: E2103"),
    ("steps:\n- pattern: channel\n  sparsity: .inf", "3:13: E2103"),
    ("steps:\n- pattern: channel\n  sparsity: 0x1", "3:13: E2103"),
    ("steps:\n- pattern: channel\n  sparsity: 1e999", "3:13: E2103"),
    ("steps:\n- pattern: channel\n  sparsity: 0.1\n  per-cost: yes", "4:13: E2103.*true or false"),
    ("steps:\n- pattern: channel\n  sparsity: 0.1\n  exclude: fc", "4:12: E2103.*list"),
    ("steps:\n- pattern: channel\n  sparsity: 0.1\n  caps: [fc]", "4:9: E2103.*mapping"),
    ("steps:\n- pattern: channel\n  sparsity: 0.1\n  align: 8.5", "4:10: E2104.*whole number"),
    ("steps:\n- pattern: [channel]", "2:12: E2103"),
    ("steps: channel", "1:8: E2103"), ("steps: []", "1:8: E2103"), ("- a", "1:1: E2103"),
    ("steps: [channel]", "1:9: E2103"), ("seed: -1\nsteps: [{pattern: nm:2:4}]", "1:7: E2103"),
    ("? [a]\n: b", "1:3: E2103.*word"),
    // Ranges.
    ("steps:\n- pattern: channel\n  sparsity: 1", "3:13: E2104.*below 1"),
    ("steps:\n- pattern: channel\n  sparsity: -0.1", "3:13: E2104"),
    ("steps:\n- pattern: channel\n  sparsity: 0.1\n  cap: 0", "4:8: E2104.*above 0"),
    ("steps:\n- pattern: channel\n  sparsity: 0.1\n  align: 257", "4:10: E2104.*1 to 256"),
    ("steps:\n- pattern: channel\n  sparsity: 0.1\n  caps: {a: 1.5}", "4:9: E2104.*1.5"),
    ("steps:\n- pattern: channel\n  budget: flops:0.5", "3:11: E2104.*budget"),
    ("steps:\n- pattern: chanel\n  budget: flops:2", "2:12: E2104.*chanel"),
    ("steps:\n- pattern: nm:4:4", "2:12: E2104.*fewer"),
    ("steps:\n- pattern: nm:2:4\n  sparsity: 0.7", "2:3: E2104.*means a sparsity of 0.5"),
    ("steps:\n- pattern: nm:2:4\n  exclude: ['(']", "3:12: E2104.*regular expression"),
    ("steps:\n- pattern: block:8x8", "2:3: E2104.*needs a sparsity"),
    // What belongs together.
    ("steps:\n- pattern: channel", "2:3: E2105.*either a budget or a sparsity"),
    ("steps:\n- pattern: head\n  budget: params:2\n  sparsity: 0.5", "2:3: E2105.*either"),
    ("steps:\n- sparsity: 0.5", "2:3: E2105.*pattern"), ("seed: 1", "1:1: E2105.*steps"),
    ("steps:\n- pattern: nm:2:4\n- pattern: head\n  sparsity: 0.1", "3:3: E2106.*up"),
    // What is not plain data.
    ("", "1:1: E2105.*empty"), ("# nothing", "1:1: E2105"), ("steps: [", "E2101"),
    ("seed: 1\nseed: 2\nsteps: []", "E2101.*twice"), ("a: 1\n---\nb: 2", "E2101"),
    ("steps: !!python/object:os.system [x]", "1:8: E2101.*tags"),
    ("steps:\n- pattern: !own nm:2:4", "E2101.*tags"),
    ("a: &a [1]\nb: *a", "1:4: E2101.*aliases"), ("\u{1}", "E2101"), ("steps: \u{FEFF}", "E210"),
  ])
  func faultsAreNamedWithTheirPlace(text: String, expected: String) throws {
    let said = problem(text)
    #expect(try said.firstMatch(of: Regex(expected)) != nil, "\(said)")
  }

  @Test func everyProblemIsListed() {
    let said = problem(
      "sed: 1\nsteps:\n- {pattern: channel, cap: 2, bugdet: flops:2}\n- {pattern: x}")
    #expect(said.split(separator: "\n").count == 4, "\(said)")
  }

  /// What would keep a parser busy for hours, or run out of stack, ends at once.
  @Test func bombsAreRefused() {
    var bomb = "a0: &a0 [x]\n"
    for level in 1...40 { bomb += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
    #expect(problem(bomb).contains("1:5: E2101"))
    #expect(problem("{? \"# \", ? *a : 1}").contains("aliases"))
    #expect(problem("x: [\"\n # \", *a]").contains("aliases"))
    #expect(problem(String(repeating: "[", count: 100_000)).contains("E2101"))
    #expect(problem(String(repeating: "- ", count: 100_000)).contains("E2101"))
    #expect(problem(String(repeating: "a", count: 2 << 20)).contains("E2107"))
    #expect(problem("# all *stars* & &more\nsteps: [{pattern: nm:2:4}]") == "accepted")
  }

  /// Seeded changes to a good recipe: accepted or refused with a place, never worse.
  @Test func changedRecipesAreReadOrRefused() {
    var random = SplitMix(seed: 5)
    let alphabet = Array("{}[]:,-#&*!|>'\"%@` \n\t\\0a.é")
    for _ in 0..<3000 {
      var characters = Array(Self.full)
      for _ in 0..<(1 + random.next() % 4) {
        let place = Int(random.next() % UInt64(characters.count))
        switch random.next() % 3 {
        case 0: characters[place] = alphabet[Int(random.next() % UInt64(alphabet.count))]
        case 1: characters.remove(at: place)
        default:
          characters.insert(alphabet[Int(random.next() % UInt64(alphabet.count))], at: place)
        }
      }
      let said = problem(String(characters))
      #expect(
        said == "accepted" || said.hasPrefix("r.yaml:"), "\(said) of \(String(characters))")
    }
  }

  @Test func optionsOverrideTheRecipe() throws {
    func given(_ change: (inout PruningOptions) throws -> Void) throws -> PruningOptions {
      var options = PruningOptions()
      try change(&options)
      return options
    }
    var recipe = try Recipe(text: Self.full, file: "r.yaml")
    try recipe.override(
      given {
        ($0.exclude, $0.align) = (["fc"], 2)
        $0.budget = try PruningOptions.budget("params:3")
      })
    let step = try channels(recipe)
    #expect(step.pruner.exclude == ["fc"])
    #expect(try (1...2).allSatisfy { try zeros(recipe, $0).pruner.exclude == ["fc"] })
    #expect(step.pruner.alignment == 2 && step.pruner.budget == .parameters(ratio: 3))
    // Three steps take a sparsity: which one is meant?
    for wrong in [
      try given { $0.sparsity = 0.5 }, try given { $0.align = 0 }, try given { $0.samples = 0 },
    ] {
      #expect(throws: EspalierError.self) { try recipe.override(wrong) }
    }
    var zerosAlone = try Recipe(options("nm:2:4"))
    #expect(throws: EspalierError.self) { try zerosAlone.override(given { $0.align = 4 }) }
    var single = try Recipe(text: "steps: [{pattern: channel, budget: flops:2}]", file: "r.yaml")
    try single.override(
      given {
        $0.sparsity = 0.5
        $0.pattern = try PruningOptions.pattern("head")
      })
    #expect(try channels(single).pruner.budget == .channels(share: 0.5))
    #expect(try channels(single).pruner.pattern == .head)
    #expect(throws: EspalierError.self) { try single.override(options("nm:2:4")) }
  }

  /// One value may need another that is given with it, whatever their order.
  @Test func optionsAreTakenTogether() throws {
    var recipe = try Recipe(text: "steps: [{pattern: channel, budget: flops:2}]", file: "r.yaml")
    var needy = PruningOptions()
    needy.criterion = .reconstruction(.wanda)
    #expect(throws: EspalierError.self) { try recipe.override(needy) }
    needy.data = Written(.noise(mean: 0, deviation: 1), "noise")
    try recipe.override(needy)
    #expect(try channels(recipe).criterion == .reconstruction(.wanda))
    var scores = PruningOptions()
    (scores.criterion, scores.scores) = (.scores, [.archive(path: "s.safetensors")])
    try recipe.override(scores)
    #expect(try channels(recipe).criterion == .scores([.archive(path: "s.safetensors")]))
  }

  /// What a recipe of typed steps says of itself can be read back; what cannot is refused.
  @Test func typedStepsAreHeldToTheTextsRules() throws {
    let step = ChannelStep(budget: .operations(ratio: 2))
    var (wide, few) = (step, step)
    wide.pruner.alignment = 300
    few.calibration.samples = -5
    for wrong in [
      [], [PruningStep](repeating: .channels(step), count: 33), [.channels(wide)], [.channels(few)],
    ] {
      #expect(throws: EspalierError.self) { try Recipe(wrong) }
    }
    let recipe = try Recipe([.channels(step)])
    #expect(try Recipe(text: recipe.resolved, file: "r.yaml").resolved == recipe.resolved)
  }

  // MARK: What recipes do

  @Test func channelsAndZerosCompose() throws {
    let graph = try #require(Zoo.architecture(named: "resnet18")).graph(seed: 1, imageSize: 32)
    let recipe = try Recipe(
      text: """
        steps:
          - {pattern: channel, budget: flops:2, caps: {layer1: 0.25}}
          - {pattern: block:8x4, sparsity: 0.5, layers: [layer4]}
          - {pattern: nm:2:4, exclude: [layer3]}
        """, file: "r.yaml")
    let pruned = try graph.pruned(by: recipe, file: "g")
    #expect(pruned.graph.validate().isEmpty)
    #expect(pruned.reference == nil)
    let report = pruned.report
    guard case .channels(let channels) = report.steps[0], case .zeros(let blocks) = report.steps[1],
      case .zeros(let runs) = report.steps[2]
    else {
      Issue.record("steps in another order")
      return
    }
    #expect(channels.flopsRatio >= 2)
    #expect(
      channels.layers.filter { $0.initializer.contains("layer1.0.conv1") }.allSatisfy {
        $0.shape[0] >= 48
      })
    let pruning = { (report: PruningReport) in
      Set(report.layers.filter { $0.reason == nil }.map(\.name))
    }
    #expect(pruning(blocks).allSatisfy { $0.hasPrefix("layer4") } && !pruning(blocks).isEmpty)
    #expect(pruning(runs).isDisjoint(with: pruning(blocks)))
    #expect(pruning(runs).contains { $0.hasPrefix("layer2") })
    #expect(!pruning(runs).contains { $0.hasPrefix("layer3") })
    // The whole counts what is really there.
    let nonzero = pruned.graph.parameters().reduce(0) {
      $0 + pruned.graph.values[$1].constant!.floats.count { $0 != 0 }
    }
    let expected = Double(graph.parameterCount) / Double(nonzero)
    #expect(abs(try #require(report.parametersRatio) / expected - 1) < 1e-3)
  }

  /// The recipe in a model's metadata makes the same model again, bit by bit.
  @Test func theKeptRecipeMakesTheSameModel() throws {
    let graph = try #require(Zoo.architecture(named: "mobilenet_v2")).graph(seed: 1, imageSize: 32)
    let recipe = try Recipe(
      options("channel") { ($0.criterion, $0.sparsity) = (.weights(.random), 0.3) }, seed: 9)
    let first = try graph.pruned(by: recipe, file: "g", wantsReference: true, force: true)
    #expect(first.reference != nil)
    let read = try importONNX(bytes: exportONNX(first.graph))
    let kept = try #require(read.metadata.properties.first { $0.key == Recipe.metadataKey })
    let again = try graph.pruned(
      by: Recipe(text: kept.value, file: "kept"), file: "g", force: true)
    #expect(try exportONNX(again.graph) == exportONNX(first.graph))
    // Another recipe on top keeps the first.
    let zeros = try read.pruned(by: Recipe(options("nm:2:4")), file: "g", force: true)
    let keys = zeros.graph.metadata.properties.map(\.key)
    #expect(keys == ["espalier.recipe.1", "espalier.recipe"])
    #expect(zeros.graph.metadata.properties[0].value == kept.value)
  }

  @Test func examplesAreRecipes() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Examples/recipes")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(!files.isEmpty)
    for file in files { _ = try Recipe(contentsOf: folder.appending(path: file).path) }
  }
}
