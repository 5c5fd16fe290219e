extension VerifiedModel {
  /// Gate 3: that everything the file says makes sense, in time n log n in its length.
  ///
  /// What a step's integers, floats and shapes demand of each other is checked by who binds it to a
  /// kernel. A weight's structure and promise are validated on a copy that is thrown away: a runtime
  /// calls `checkProgram()` instead, and `copyStructure` for the copy that it runs on.
  /// - Throws: The first thing that does not hold, with its place.
  public func checkSemantics() throws(ModelFileError) {
    try checkProgram()
    try checkWeights()
  }

  /// Gate 3 without weights: texts, tensors, references, and lives in the arena.
  /// - Throws: The first thing that does not hold, with its place.
  public func checkProgram() throws(ModelFileError) {
    try checkTexts()
    try checkTensors()
    try checkSteps()
    try checkLives()
  }

  private func checkTexts() throws(ModelFileError) {
    func check(_ text: FileText, _ place: ModelFileError.Place) throws(ModelFileError) {
      guard text.isValid else { throw ModelFileError(.badText, at: place, "a text is not UTF-8") }
    }
    try check(producer, .file)
    try check(source, .file)
    try check(device, .file)
    for index in 0..<tensorCount { try check(tensor(index).name, .tensor(index)) }
    for index in 0..<stepCount {
      try check(step(index).name, .step(index))
      try check(step(index).operation, .step(index))
    }
    for index in 0..<weightCount { try check(weight(index).reason, .weight(index)) }
  }
}
