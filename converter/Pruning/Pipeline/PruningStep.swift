/// One thing that is done to a model.
public enum PruningStep: Sendable, Hashable {
  /// Channels or heads go: the model gets smaller.
  case channels(ChannelStep)
  /// Weights become zero, in a pattern that kernels know.
  case zeros(ZeroStep)

  /// Whether the step makes the model smaller; else it sets weights to zero.
  public var removesChannels: Bool {
    if case .channels = self { true } else { false }
  }

  public var calibration: StepCalibration {
    switch self {
    case .channels(let step): step.calibration
    case .zeros(let step): step.calibration
    }
  }

  /// What the step does, in order.
  public var stages: [PruningStage] {
    switch self {
    case .channels(let step): step.stages
    case .zeros(let step): step.stages
    }
  }
}

/// A part of a step.
public enum PruningStage: Sendable, Hashable, CaseIterable {
  /// Finds which channels go together.
  case couple
  /// Gives channels the basis in which fewest matter.
  case rotate
  /// Tells how much each channel matters.
  case score
  /// Chooses the channels that stay.
  case select
  /// Cuts the graph to what stays.
  case slice
  /// Sets weights to zero.
  case setZeros
  /// Fits what is left to what the dense model computes.
  case refit
  /// Takes the statistics of batch normalisations anew.
  case recalibrate
}

/// What one step that removes channels does.
public struct ChannelStep: Sendable, Hashable {
  /// How channels are chosen.
  public enum Method: String, Sendable, CaseIterable {
    /// By scores over coupling groups (SPA, arXiv 2403.18955).
    case spa
    /// The same by what consumers lose, on rotated channels, with a refit (OBSPA).
    case obspa
  }

  public var method: Method
  public var criterion: ChannelCriterion
  /// How the sums of a channel's slices become one score; for criteria that sum weights.
  public var aggregation = ScoreAggregation.sum
  /// Which channels may go, and how many.
  public var pruner: ChannelPruner
  /// Whether channels take another basis first; only where there are inputs to look at.
  public var rotates: Bool
  /// Whether batch normalisations take their statistics anew; a refit leaves nothing to gain.
  public var recalibrates = false
  public var calibration: StepCalibration

  /// A step with the values that suit its method and its criterion.
  ///
  /// What criteria of reconstruction say of groups can be compared as it is, weighed by what is saved;
  /// of single groups it may say too much, so that less of each may go.
  public init(
    _ pattern: ChannelPruner.Pattern = .channel, budget: ChannelBudget, method: Method = .spa,
    criterion: ChannelCriterion? = nil
  ) {
    self.method = method
    self.criterion =
      criterion ?? (method == .obspa ? .reconstruction(.obspa) : .weights(.l1))
    pruner = ChannelPruner(budget: budget)
    pruner.pattern = pattern
    if case .reconstruction(let criterion) = self.criterion {
      pruner.normalisation = criterion == .wanda ? .sum : .none
      pruner.weighsCosts = true
      pruner.cap = 0.75
    }
    rotates = method == .obspa
    calibration = StepCalibration(refits: method == .obspa)
  }

  /// Those that do something; without inputs nothing is rotated, refitted or taken anew.
  public var stages: [PruningStage] {
    let hasInputs = calibration.source != nil
    var stages: [PruningStage] = [.couple]
    if hasInputs, rotates { stages.append(.rotate) }
    stages += [.score, .select, .slice]
    if hasInputs, calibration.refits {
      stages.append(.refit)
    } else if hasInputs, recalibrates {
      stages.append(.recalibrate)
    }
    return stages
  }

  /// What needs inputs that the step does not name, in a recipe's words; `nil` if nothing does.
  public var needOfInputs: String? {
    if calibration.source != nil { return nil }
    if calibration.refits { return "refit" }
    if recalibrates { return "recalibrate" }
    if rotates { return "rotate" }
    if case .reconstruction(let criterion) = criterion { return "criterion \(criterion.rawValue)" }
    return nil
  }
}

/// What one step that sets weights to zero does.
public struct ZeroStep: Sendable, Hashable {
  /// How zeros are chosen.
  public enum Method: String, Sendable, CaseIterable {
    /// By the weights alone: the smallest go.
    case magnitude
    /// By what the layer's outputs lose on inputs, once the weights that are left have made good what
    /// they can (optimal brain surgeon), and by what that does to the network's outputs.
    case obs
  }

  public var method = Method.magnitude
  public var pruner: MagnitudePruner
  public var calibration = StepCalibration()

  public init(_ pruner: MagnitudePruner) { self.pruner = pruner }

  public var stages: [PruningStage] {
    let hasInputs = calibration.source != nil
    var stages: [PruningStage] = hasInputs && method == .obs ? [.score] : []
    stages.append(.setZeros)
    if hasInputs, calibration.refits { stages.append(.refit) }
    return stages
  }

  /// What needs inputs that the step does not name, in a recipe's words; `nil` if nothing does.
  public var needOfInputs: String? {
    if calibration.source != nil { return nil }
    if calibration.refits { return "refit" }
    return method == .obs ? "method obs" : nil
  }
}

/// What makes a channel worth keeping.
public enum ChannelCriterion: Sendable, Hashable {
  /// The weights alone.
  case weights(WeightCriterion)
  /// What consumers lose with it, for which inputs are needed.
  case reconstruction(ReconstructionCriterion)
  /// Scores that another program has computed.
  case scores([ScoreFile])
}
