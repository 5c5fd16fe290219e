extension Expansion {
  /// Variants of GELU, some with a bias before.
  static let fusedActivations: [String: Expansion] = [
    "com.microsoft.Gelu": .always { builder throws(GraphError) in
      builder.give(try builder.gelu(try builder.operand(0)))
    },
    "com.microsoft.BiasGelu": .always { builder throws(GraphError) in
      builder.give(try builder.gelu(builder.sum(try builder.operand(0), try builder.operand(1))))
    },
    "com.microsoft.FastGelu": .always { builder throws(GraphError) in
      let x = builder.sum(try builder.operand(0), builder.input(1))
      builder.give(try builder.gelu(x, approximately: true))
    },
    // x * sigmoid(alpha * x)
    "com.microsoft.QuickGelu": .always { builder throws(GraphError) in
      let x = try builder.operand(0)
      let alpha = Double(try builder.context.float("alpha", default: 1.702))
      let scaled = builder.scaled(x, by: alpha, try builder.floatType(0))
      builder.give(builder.add("Mul", [x, builder.add("Sigmoid", [scaled])], isNamesake: true))
    },
  ]
}

extension ExpansionBuilder {
  /// `x * Phi(x)`, or its usual approximation by a hyperbolic tangent.
  fileprivate mutating func gelu(
    _ x: Graph.ValueID, approximately: Bool = false
  ) throws(GraphError) -> Graph.ValueID {
    if has(opset: 20) {
      let kind: Attribute = .string(Array((approximately ? "tanh" : "none").utf8))
      return add("Gelu", [x], ["approximate": kind], isNamesake: true)
    }
    // Lowering recognises the other one.
    if approximately { try leaveUntilUseIsKnown(unlessOpset: 20) }
    let type = try floatType(0, 1)
    let gate: Graph.ValueID
    if approximately {
      let cube = add("Mul", [add("Mul", [x, x]), x])
      let inner = add("Add", [x, add("Mul", [cube, scalar(0.044715, type)])])
      gate = add("Tanh", [add("Mul", [inner, scalar((2 / Double.pi).squareRoot(), type)])])
    } else {
      gate = add("Erf", [add("Mul", [x, scalar(0.5.squareRoot(), type)])])
    }
    let product = add("Mul", [x, add("Add", [gate, scalar(1, type)])])
    return add("Mul", [product, scalar(0.5, type)], isNamesake: true)
  }
}
