/// What the reports of zeros and of removed channels, `espalier.prune/1`, have in common.
enum PruningReportKey: String, CodingKey {
  case schema, method, pattern, scope, sparsity, layers, groups, frozen, opaque, fixed, refit
  case multiplyAccumulates = "macs"
  case liveMultiplyAccumulates = "live_macs"
  case flopsRatio = "flops_ratio"
  case parametersRatio = "params_ratio"
}

/// What stays as it is, and why.
struct FrozenPart: Encodable {
  var axis: String
  var reason: String
}

extension KeyedEncodingContainer<PruningReportKey> {
  mutating func encodeHead(
    method: String, pattern: String, scope: PruningScope, sparsity: Double, flopsRatio: Double?,
    parametersRatio: Double?, refit: Refit.Report?
  ) throws {
    try encode("espalier.prune/1", forKey: .schema)
    try encode(method, forKey: .method)
    try encode(pattern, forKey: .pattern)
    try encode(scope.rawValue, forKey: .scope)
    try encode(sparsity, forKey: .sparsity)
    try encode(flopsRatio, forKey: .flopsRatio)
    try encode(parametersRatio, forKey: .parametersRatio)
    try encodeIfPresent(refit, forKey: .refit)
  }
}
