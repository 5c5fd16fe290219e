internal import CEspalierKernels
internal import EspalierModelFile

extension Binder {
  /// q, k, v, addend?, addend? -> part of y: attention of every batch and head.
  mutating func bindAttention() throws(ExecutorError) {
    try expect(inputs: 3...5, integers: 30, floats: 1)
    let y = try output()
    try requireFloat(y)
    func extent(_ position: Int) throws(ExecutorError) -> Int {
      try integer(position, 1...Int(Int32.max))
    }
    let outer = [try extent(0), try extent(1)]
    let (queries, keys) = (try extent(2), try extent(3))
    let (size, valueSize) = (try extent(4), try extent(5))
    // What a worker packs, in floats.
    try require(
      try product([keys, size + valueSize + 64]) <= 1 << 28, .overLimit,
      "attention over too many keys")

    func rows(
      _ operand: Operand?, _ place: Int, _ tokens: Int, _ size: Int
    ) throws(ExecutorError) -> esp_heads {
      guard let operand else { return unsafe esp_heads() }
      try requireFloat(operand)
      let first = 6 + 4 * place
      let steps = [try integer(first + 1), try integer(first + 2), try integer(first + 3)]
      let offset = try integer(first)
      try requireReach(outer + [tokens, size], steps + [1], offset: offset, within: operand)
      return unsafe esp_heads(
        base: operand.floats + offset, batch_stride: Int64(steps[0]), head_stride: Int64(steps[1]),
        token_stride: Int64(steps[2]))
    }
    let q = unsafe try rows(try input(0), 0, queries, size)
    let k = unsafe try rows(try input(1), 1, keys, size)
    let v = unsafe try rows(try input(2), 2, keys, valueSize)
    let out = unsafe try rows(y, 3, queries, valueSize)
    try requireApart(
      outer + [queries],
      unsafe [out.batch_stride, out.head_stride, out.token_stride].map(Int.init),
      size: valueSize)
    let first = unsafe try rows(try optionalInput(3), 4, queries, keys)
    let second = unsafe try rows(try optionalInput(4), 5, queries, keys)
    let arguments = unsafe try esp_attention(
      batch: narrow(outer[0]), heads: narrow(outer[1]), queries: narrow(queries),
      keys: narrow(keys), size: narrow(size), value_size: narrow(valueSize),
      scale: step.floats[0], q: q, k: k, v: v, addends: (first, second), out: out,
      y: y.writableFloats + integer(6 + 4 * 3))
    unsafe try add(prepared: arguments, esp_attention_requirements, esp_attention_prepare)
  }
}
