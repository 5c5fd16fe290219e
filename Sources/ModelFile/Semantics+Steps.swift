extension VerifiedModel {
  /// That each step is of a known kind and refers to tensors and weights that are there.
  func checkSteps() throws(ModelFileError) {
    for index in 0..<stepCount {
      let step = step(index)
      let place = ModelFileError.Place.step(index)
      guard let kind = step.kind else {
        throw ModelFileError(
          .unsupportedStep, at: place, "this kind of step is of a newer Espalier; update it")
      }
      let slots = kind.slots
      try checkSlots(step.inputs, required: slots.requiredInputs, most: slots.inputs, at: place)
      try checkSlots(step.outputs, required: slots.requiredOutputs, most: slots.outputs, at: place)
      try checkWritable(step.outputs, at: place)
      if let weight = step.weight {
        guard slots.hasWeight, weight >= 0, weight < weightCount else {
          throw ModelFileError(
            .badReference, at: place, "the step takes no weight, or none of this number is there")
        }
      } else if slots.hasWeight {
        throw ModelFileError(.badStep, at: place, "the step's weight is missing")
      }
    }
  }

  private func checkSlots(
    _ tensors: FileArray<Int32>, required: Int, most: Int, at place: ModelFileError.Place
  ) throws(ModelFileError) {
    guard tensors.count >= required, tensors.count <= most else {
      throw ModelFileError(.badStep, at: place, "the step has too few or too many tensors")
    }
    for (slot, tensor) in tensors.enumerated() {
      if tensor == -1 {
        guard slot >= required else {
          throw ModelFileError(.badStep, at: place, "a tensor that must be there is left out")
        }
      } else if tensor < 0 || Int(tensor) >= tensorCount {
        throw ModelFileError(.badReference, at: place, "there is no tensor of this number")
      }
    }
  }

  private func checkWritable(_ outputs: FileArray<Int32>, at place: ModelFileError.Place)
    throws(ModelFileError)
  {
    var hasOutput = false
    for output in outputs where output >= 0 {
      hasOutput = true
      guard !tensor(Int(output)).isConstant else {
        throw ModelFileError(.badStep, at: place, "the step writes to a constant")
      }
    }
    guard hasOutput else { throw ModelFileError(.badStep, at: place, "the step writes nothing") }
  }
}
