// Part of the module EspalierONNX in fuzzed builds alone: libFuzzer's two hooks.

@_cdecl("LLVMFuzzerCustomMutator")
public func customMutator(
  _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ capacity: Int, _ seed: UInt32
) -> Int {
  let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: size))
  var mutation = WireMutation(seed: UInt64(seed))
  var result: [UInt8]
  if !mutation.random.oneIn(20), var tree = WireTree(bytes[...], as: .model) {
    mutation.collect(tree)
    for _ in 0...(mutation.random.oneIn(3) ? mutation.random.below(5) : 0) {
      mutation.change(&tree)
    }
    result = []
    tree.write(to: &result)
  } else {
    result = bytes.isEmpty ? [0] : bytes
    for _ in 0...mutation.random.below(3) {
      result[mutation.random.below(result.count)] = UInt8(
        truncatingIfNeeded: mutation.random.next())
    }
  }
  return unsafe put(result, data, capacity) ?? size
}

@_cdecl("LLVMFuzzerCustomCrossOver")
public func customCrossOver(
  _ first: UnsafePointer<UInt8>, _ firstSize: Int, _ second: UnsafePointer<UInt8>,
  _ secondSize: Int,
  _ out: UnsafeMutablePointer<UInt8>, _ capacity: Int, _ seed: UInt32
) -> Int {
  let one = unsafe Array(UnsafeBufferPointer(start: first, count: firstSize))
  let two = unsafe Array(UnsafeBufferPointer(start: second, count: secondSize))
  guard var tree = WireTree(one[...], as: .model), let other = WireTree(two[...], as: .model) else {
    return 0
  }
  // The other model's messages and texts alone stand in for this one's.
  var mutation = WireMutation(seed: UInt64(seed))
  mutation.collect(other)
  for _ in 0...mutation.random.below(4) { mutation.change(&tree) }
  var result: [UInt8] = []
  tree.write(to: &result)
  return unsafe put(result, out, capacity) ?? 0
}

private func put(
  _ bytes: [UInt8], _ data: UnsafeMutablePointer<UInt8>, _ capacity: Int
) -> Int? {
  guard bytes.count <= capacity else { return nil }
  unsafe bytes.withUnsafeBufferPointer { source in
    if let base = source.baseAddress { unsafe data.update(from: base, count: source.count) }
  }
  return bytes.count
}
