/// The name that is fewest edits away, if that is near enough to be meant.
package func nearest(to text: String, among names: [String]) -> String? {
  let (word, limit) = (Array(text.lowercased().prefix(64)), max(1, text.count / 3))
  let distances = names.map { (distance: edits(word, Array($0)), name: $0) }
  guard let best = distances.min(by: { $0.distance < $1.distance }), best.distance <= limit
  else { return nil }
  return best.name
}

/// Insertions, deletions and replacements from one word to another (Levenshtein's distance).
private func edits(_ a: [Character], _ b: [Character]) -> Int {
  var row = Array(0...b.count)
  for (i, letter) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, other) in b.enumerated() {
      let replaced = diagonal + (letter == other ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
    }
  }
  return row[b.count]
}
