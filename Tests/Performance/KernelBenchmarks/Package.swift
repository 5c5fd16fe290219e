// swift-tools-version: 6.2
import PackageDescription

// Times kernels on layers of real networks; `make bench-families` runs it. A package of its own, so
// that Espalier and its users do not depend on the benchmark library. `Kernels` and `Checks` are links
// to the kernels and to their tests' packing.
let package = Package(
  name: "espalier-kernel-benchmarks",
  platforms: [.macOS(.v13)],
  dependencies: [
    // Without its traits: kernels allocate nothing, so nothing has to be put before malloc.
    .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.0", traits: [])
  ],
  targets: [
    .target(
      name: "CEspalierKernels", path: "Kernels",
      cSettings: [.unsafeFlags(["-O3", "-fno-math-errno"])]),
    .target(name: "CEspalierKernelChecks", dependencies: ["CEspalierKernels"], path: "Checks"),
    .target(
      name: "CKernelCases", dependencies: ["CEspalierKernels", "CEspalierKernelChecks"],
      path: "Cases", cSettings: [.headerSearchPath("../Checks")]),
    .executableTarget(
      name: "KernelBenchmarks",
      dependencies: [
        "CKernelCases", "CEspalierKernels", .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/KernelBenchmarks",
      swiftSettings: [.swiftLanguageMode(.v6)],
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
  ],
  cLanguageStandard: .c17
)
