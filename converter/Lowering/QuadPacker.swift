/// Packs a matrix in quads: of every four columns, those that each row keeps.
extension PackedWeight {
  mutating func packQuads(_ weight: Program.Weight) {
    let quads = (weight.columns + 3) / 4
    Self.forEachPanel(weight, height: 16) { _, rows in
      let kept = weight.fullestQuad(rows)
      counts.append(UInt32(kept))
      for first in stride(from: 0, to: quads, by: 16 / kept) {
        let block = first..<min(first + 16 / kept, quads)
        let start = values.count
        values.append(contentsOf: repeatElement(0, count: 16 * (1 + kept * block.count)))
        for (lane, row) in rows.enumerated() {
          var word: UInt32 = 0
          for quad in block {
            var entry = (quad - first) * kept
            for column in 4 * quad..<min(4 * quad + 4, weight.columns) {
              let value = weight.values[row * weight.columns + column]
              guard value != 0 else { continue }
              word |= UInt32(column % 4) << UInt32(2 * entry)
              values[start + 16 * (1 + entry) + lane] = value
              entry += 1
            }
          }
          values[start + lane] = Float(bitPattern: word)
        }
      }
    }
  }
}

extension Program.Weight {
  /// How many of every four columns, 1 ... 4, must be stored for each of the rows.
  func fullestQuad(_ rows: Range<Int>) -> Int {
    var most = 1
    for row in rows {
      for first in stride(from: 0, to: columns, by: 4) {
        var kept = 0
        for column in first..<min(first + 4, columns) where values[row * columns + column] != 0 {
          kept += 1
        }
        most = max(most, kept)
      }
    }
    return most
  }

  /// Share of the dense weight's bytes that it takes in quads.
  var quadShare: Double {
    let panels = stride(from: 0, to: rows, by: 16).map {
      Double(fullestQuad($0..<min($0 + 16, rows)))
    }
    let kept = panels.reduce(0, +) / Double(max(panels.count, 1))
    return kept / 4 * 17 / 16
  }
}
