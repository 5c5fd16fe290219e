package import EspalierPruning

/// What somebody says of one step, in a recipe or by options of a command; what is not said is as the
/// step's method and criterion have it.
package struct PruningOptions: Sendable, Hashable {
  package var pattern: Written<StepPattern>?
  package var method: PruningMethod?
  package var budget: Written<ChannelBudget>?
  package var sparsity: Double?
  package var criterion: CriterionName?
  package var scores: [ScoreFile]?
  package var aggregation: ScoreAggregation?
  package var normalisation: ScoreNormalisation?
  package var scope: PruningScope?
  package var perCost: Bool?
  package var align: Int?
  package var cap: Double?
  package var caps: [LayerShare]?
  package var layers: [String]?
  package var exclude: [String]?
  package var includeEnds: Bool?
  package var recalibrate: Bool?
  package var rotate: Bool?
  package var data: Written<CalibrationSource>?
  package var samples: Int?
  package var refit: Bool?
  package var damping: Double?

  package init() {}
}

/// A value as somebody has written it, which a resolved recipe repeats: `flops:2.0`.
package struct Written<Value: Sendable & Hashable>: Sendable, Hashable {
  package var value: Value
  package var text: String

  package init(_ value: Value, _ text: String) { (self.value, self.text) = (value, text) }
}

/// What goes in a step: channels, or weights in a pattern of zeros.
package enum StepPattern: Sendable, Hashable {
  case channels(ChannelPruner.Pattern)
  case zeros(PruningPattern)

  var removesChannels: Bool { if case .channels = self { true } else { false } }
}

/// How a step chooses what goes.
package enum PruningMethod: String, Sendable, CaseIterable { case magnitude, obs, spa, obspa }

/// A criterion without the files that it may need.
package enum CriterionName: Sendable, Hashable, CaseIterable, RawRepresentable {
  case weights(WeightCriterion)
  case reconstruction(ReconstructionCriterion)
  case scores

  package static var allCases: [CriterionName] {
    WeightCriterion.allCases.map { .weights($0) }
      + ReconstructionCriterion.allCases.map { .reconstruction($0) } + [.scores]
  }

  package var rawValue: String {
    switch self {
    case .weights(let criterion): criterion.rawValue
    case .reconstruction(let criterion): criterion.rawValue
    case .scores: "scores"
    }
  }

  package init?(rawValue: String) {
    guard let known = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = known
  }
}

// MARK: Options to steps

extension PruningOptions {
  /// The step that is meant, with every default filled in.
  func step() throws(RecipeFault) -> PruningStep {
    guard let pattern else { throw RecipeFault(.missingKey, "a step needs a pattern") }
    let keys = RecipeKey.keys(of: pattern.value)
    for key in RecipeKey.all where key.json(self) != nil {
      guard let known = keys.first(where: { $0.name == key.name }) else {
        throw RecipeFault(
          .unknownKey, RecipeKey.unknown(key.name, keys, pattern.text), key: key.name)
      }
      if let fault = known.fault(self) {
        throw RecipeFault(.badValue, "\(key.name) \(fault)", key: key.name)
      }
    }
    switch pattern.value {
    case .channels(let channels): return .channels(try channelStep(channels, pattern.text))
    case .zeros(let zeros): return .zeros(try zeroStep(zeros))
    }
  }

  private func channelStep(
    _ pattern: ChannelPruner.Pattern, _ text: String
  ) throws(RecipeFault) -> ChannelStep {
    let method: ChannelStep.Method = method == .obspa ? .obspa : .spa
    guard (scores != nil) == (scores != nil && criterion == nil || criterion == .scores) else {
      throw RecipeFault(.badValue, "criterion scores and score files go together, with no other")
    }
    let known: ChannelCriterion? =
      switch criterion {
      case .weights(let criterion): .weights(criterion)
      case .reconstruction(let criterion): .reconstruction(criterion)
      case .scores, nil: scores.map { .scores($0) }
      }
    var step = ChannelStep(
      pattern, budget: budget?.value ?? .channels(share: sparsity ?? 0), method: method,
      criterion: known)
    step.aggregation = aggregation ?? step.aggregation
    step.pruner.normalisation = normalisation ?? step.pruner.normalisation
    step.pruner.scope = scope ?? step.pruner.scope
    step.pruner.weighsCosts = perCost ?? step.pruner.weighsCosts
    step.pruner.alignment = align ?? step.pruner.alignment
    step.pruner.cap = cap ?? step.pruner.cap
    step.pruner.caps = caps ?? []
    step.pruner.layers = layers ?? []
    step.pruner.exclude = exclude ?? []
    step.recalibrates = recalibrate ?? step.recalibrates
    step.rotates = rotate ?? step.rotates
    calibrate(&step.calibration)
    try checkInputs(step.needOfInputs)
    if !step.recalibrates { takeSynthetic(&step.calibration) }
    guard (budget == nil) != (sparsity == nil) else {
      throw RecipeFault(.missingKey, "pattern \(text) takes either a budget or a sparsity")
    }
    return step
  }

  private func zeroStep(_ pattern: PruningPattern) throws(RecipeFault) -> ZeroStep {
    var step: ZeroStep
    // Blocks of whole networks compete; other zeros are spread evenly.
    let competes = if case .block = pattern { true } else { false }
    do throws(PruningError) {
      step = ZeroStep(
        try MagnitudePruner(
          pattern: pattern, sparsity: sparsity, scope: scope ?? (competes ? .global : .layer),
          layers: layers ?? [],
          exclude: exclude ?? [], keepsFirstAndLast: !(includeEnds ?? false)))
    } catch {
      throw RecipeFault(.badValue, error.message)
    }
    calibrate(&step.calibration)
    step.method =
      method.flatMap { ZeroStep.Method(rawValue: $0.rawValue) } ?? (data == nil ? .magnitude : .obs)
    try checkInputs(step.needOfInputs)
    // Rows of other zeros have a system of equations each, and each takes its time.
    if competes { takeSynthetic(&step.calibration) }
    return step
  }

  /// A refit on made-up inputs where nothing is said of inputs.
  private func takeSynthetic(_ calibration: inout StepCalibration) {
    guard data == nil, refit == nil else { return }
    (calibration.source, calibration.refits) = (.synthetic, true)
  }

  private func calibrate(_ calibration: inout StepCalibration) {
    calibration.source = data?.value
    calibration.samples = samples
    // Whoever gives inputs wants them used. A recalibration is the other repair, and a refit leaves it
    // nothing to gain.
    calibration.refits =
      refit ?? (calibration.refits || data != nil && !(recalibrate ?? false))
    calibration.damping = damping
  }

  private func checkInputs(_ user: String?) throws(RecipeFault) {
    guard let user else { return }
    throw RecipeFault(.missingKey, ChannelStep.lacksInputs(user).message)
  }
}

// MARK: Steps to options

extension PruningOptions {
  /// Everything that a step does, said.
  init(_ step: PruningStep) {
    switch step {
    case .channels(let step): self.init(step)
    case .zeros(let step): self.init(step)
    }
  }

  private init(_ step: ChannelStep) {
    let pruner = step.pruner
    pattern = Written(.channels(pruner.pattern), pruner.pattern.rawValue)
    method = PruningMethod(rawValue: step.method.rawValue)
    switch pruner.budget {
    case .channels(let share): sparsity = share
    case .operations, .parameters: budget = Written(pruner.budget, pruner.budget.description)
    }
    switch step.criterion {
    case .weights(let known): criterion = .weights(known)
    case .reconstruction(let known): criterion = .reconstruction(known)
    case .scores(let files): (criterion, scores) = (.scores, files)
    }
    (aggregation, normalisation) = (step.aggregation, pruner.normalisation)
    (scope, perCost, align) = (pruner.scope, pruner.weighsCosts, pruner.alignment)
    (cap, caps) = (pruner.cap, pruner.caps)
    (layers, exclude) = (pruner.layers, pruner.exclude)
    (recalibrate, rotate) = (step.recalibrates, step.rotates)
    say(step.calibration)
  }

  private init(_ step: ZeroStep) {
    let pruner = step.pruner
    pattern = Written(.zeros(pruner.pattern), pruner.pattern.description)
    method = PruningMethod(rawValue: step.method.rawValue)
    // What the pattern implies need not be said.
    sparsity = pruner.pattern.impliedSparsity == nil ? pruner.sparsity : nil
    (scope, includeEnds) = (pruner.scope, !pruner.keepsFirstAndLast)
    (layers, exclude) = (pruner.layers, pruner.exclude)
    say(step.calibration)
  }

  private mutating func say(_ calibration: StepCalibration) {
    data = calibration.source.map { Written($0, RecipeKey.text(of: $0)) }
    (samples, refit, damping) = (calibration.samples, calibration.refits, calibration.damping)
  }
}
