/// Makes names that are not in use yet.
package struct UniqueNames {
  /// Names in use, with the suffix to try next where a name is wanted again: many nodes of one name
  /// take a step each, not a search each.
  private var nextSuffix: [String: Int] = [:]

  package init() {}

  /// Notes a name that is in use.
  package mutating func reserve(_ name: String) {
    if nextSuffix[name] == nil { nextSuffix[name] = 2 }
  }

  /// The name itself where it is free, else with a number behind it.
  package mutating func unused(_ wanted: String) -> String {
    var name = wanted
    while let suffix = nextSuffix[name] {
      let next = nextSuffix[wanted, default: suffix]
      name = "\(wanted)_\(next)"
      nextSuffix[wanted] = next + 1
    }
    nextSuffix[name] = 2
    return name
  }
}
