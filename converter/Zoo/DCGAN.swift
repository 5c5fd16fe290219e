import EspalierGraph

extension Zoo.Architecture {
  static let dcganGenerator = Self(
    "dcgan_generator", "DCGAN generator (Radford et al., 2015; 4x4 kernels), 1x100 to 1x3x64x64"
  ) {
    $0.dcganGenerator(noise: 100)
  }
}

extension NetworkBuilder {
  /// From "noise" to "image", in -1...1.
  fileprivate mutating func dcganGenerator(noise count: Int) {
    let (channels, side) = (1024, 4)
    let noise = input("noise", TensorType(.float32, [1, count]))
    let rows = channels * side * side
    let weight = weight(
      "project.weight", [rows, count], deviation: 1 / Double(count).squareRoot())
    let bias = vector("project.bias", rows, -0.1...0.1)
    let flat = node(
      "Gemm", [noise, weight, bias], name: "project", attributes: ["transB": .integer(1)])
    let projected = Feature(
      value: reshape(flat, "project.maps", [1, channels, side, side]),
      means: Array(repeating: 0, count: channels),
      variances: Array(repeating: 1, count: channels))
    var x = activate(batchNorm(projected, "norm0"), .relu, "norm0")
    let window = ZooWindow(kernel: 4, stride: 2)
    for (index, channels) in [512, 256, 128].enumerated() {
      let norm = "norm\(index + 1)"
      let larger = transposed(
        x, "deconv\(index + 1)", channels: channels, window, hasBias: false)
      x = activate(batchNorm(larger, norm), .relu, norm)
    }
    x = activate(
      transposed(x, "deconv4", channels: 3, window, hasBias: true), .tanh, "deconv4")
    output("image", x.value, [1, 3, 16 * side, 16 * side])
  }
}
