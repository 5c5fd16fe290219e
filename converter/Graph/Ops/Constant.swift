/// A tensor that stands in the node itself.
public struct Constant: Operator {
  public let value: Tensor

  public init(_ node: NodeContext) throws(GraphError) {
    let names = [
      "value", "value_float", "value_floats", "value_int", "value_ints", "value_string",
      "value_strings", "sparse_value",
    ].filter { node.attributes[$0] != nil }
    guard names.count == 1 else {
      throw GraphError(.badAttribute, "needs one value but has \(names.count)")
    }
    switch names[0] {
    case "value": value = try node.tensor("value")!
    case "value_float": value = Tensor([try node.float("value_float")!], shape: [])
    case "value_floats":
      let values = try node.floats("value_floats")!
      value = Tensor(values, shape: [values.count])
    case "value_int": value = Tensor(integers: [Int64(try node.integer("value_int")!)], shape: [])
    case "value_ints": value = Tensor(integers: try node.integers("value_ints")!.map(Int64.init))
    case "value_string":
      value = Tensor(
        elementType: .string, shape: [], storage: .text([try node.string("value_string")!]))
    case "value_strings":
      let values = try node.strings("value_strings")!
      value = Tensor(elementType: .string, shape: [values.count], storage: .text(values))
    default:
      throw GraphError(.unsupportedVariant, "a sparse value is of no type that is read")
    }
  }

  public func infer(_ inputs: [OperatorInput?]) throws(GraphError) -> [TensorType] {
    try Arity.exactly(0, inputs)
    return [value.type]
  }

  public func evaluate(_ inputs: [Tensor?]) throws(GraphError) -> [Tensor] { [value] }
}
