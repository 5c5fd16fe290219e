package import EspalierPruning

extension PruningOptions {
  /// Values of a command line's options, read as a recipe's are.
  /// - Throws: `EspalierError` (64) that names the key.
  package static func pattern(_ text: String) throws(EspalierError) -> Written<StepPattern> {
    let isChannels = ChannelPruner.Pattern(rawValue: text) != nil
    return try read([text], "pattern", isChannels ? .channels : .zeros)
  }
  package static func budget(_ text: String) throws(EspalierError) -> Written<ChannelBudget> {
    try read([text], "budget", .budget)
  }
  package static func criterion(_ text: String) throws(EspalierError) -> CriterionName {
    try read([text], "criterion", .choice(CriterionName.allCases))
  }
  package static func scores(_ texts: [String]) throws(EspalierError) -> [ScoreFile] {
    try read(texts, "scores", .scores, isList: true)
  }
  package static func data(_ texts: [String]) throws(EspalierError) -> Written<CalibrationSource> {
    try read(texts, "data", .data, isList: true)
  }

  private static func read<Value>(
    _ words: [String], _ key: String, _ type: RecipeType<Value>, isList: Bool = false
  ) throws(EspalierError) -> Value {
    let place = RecipePlace(line: 1, column: 1)
    let nodes = words.map { RecipeNode.scalar($0, isPlain: true, place) }
    do throws(RecipeMisreading) {
      return try type.read(isList ? .list(nodes, place) : nodes[0])
    } catch {
      let fault =
        switch error {
        case .kind: RecipeFault(.badType, "\(key) takes \(type.wanted)")
        case .value(let message): RecipeFault(.badValue, "\(key) \(message)")
        }
      throw EspalierError(exitCode: 64, "\(fault)")
    }
  }
}
