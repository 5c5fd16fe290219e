// swift-tools-version: 6.2
import PackageDescription

// One row per module: its folder, then the modules it may import. `Makefile` builds with
// `--explicit-target-dependency-import-check error`, so an arrow that is not in this table does not
// compile. Rows stand in the order in which a model travels: converter, file, runtime, report.
let modules: [Target] = [
  // converter: host only
  swift("EspalierGraph", "converter/Graph"),
  swift("EspalierONNX", "converter/ONNX", ["EspalierGraph", protobuf()], exclude: ["onnx.proto"]),
  swift("EspalierZoo", "converter/Zoo", ["EspalierGraph"]),
  swift("EspalierCoupling", "converter/Coupling", ["EspalierGraph"]),
  blas("CEspalierBLAS", "converter/Evaluation/BLAS"),
  swift(
    "EspalierEvaluation", "converter/Evaluation", ["EspalierGraph", "CEspalierBLAS"],
    exclude: ["BLAS"]),
  swift(
    "EspalierPruning", "converter/Pruning",
    ["EspalierGraph", "EspalierCoupling", "EspalierEvaluation", "CEspalierBLAS"]),
  swift("EspalierLowering", "converter/Lowering", ["EspalierGraph", "EspalierModelFile"]),

  // contract 1: the model file
  bridge("CEspalierModelFile", "Sources/ModelFile/Bridge"),
  swift(
    "EspalierModelFile", "Sources/ModelFile", ["CEspalierModelFile"],
    exclude: ["Bridge", "model.fbs"]),

  // runtime: goes on the board
  kernels("CEspalierKernels", "runtime/Kernels"),
  kernels("CEspalierMemory", "runtime/Executor/C"),
  swift(
    "EspalierExecutor", "runtime/Executor",
    ["EspalierModelFile", "CEspalierKernels", "CEspalierMemory"], exclude: ["C"]),
  kernels("CEspalierBoard", "runtime/Board/C"),
  swift(
    "EspalierBoard", "runtime/Board", ["CEspalierBoard"], exclude: ["C", "Program", "Start"]),
  swift(
    "EspalierMeasure", "runtime/Measure",
    ["EspalierExecutor", "EspalierBoard", "EspalierLatencyReport"]),
  swift(
    "EspalierBoardProgram", "runtime/Board/Program",
    ["EspalierMeasure", "EspalierExecutor", "EspalierBoard", "EspalierLatencyReport"]),

  // contract 2: the latency report
  swift("EspalierLatencyReport", "Sources/LatencyReport"),

  // devices: candidates timed on this machine, where the converter's question meets the runtime
  swift(
    "EspalierHost", "devices/Host",
    [
      "EspalierLowering", "EspalierModelFile", "EspalierExecutor", "EspalierBoard",
      "EspalierMeasure",
    ]),

  // tensors as .npy and safetensors files, on the host; the .npy header's reader is the board's
  swift("EspalierTensorFiles", "Sources/TensorFiles", ["EspalierGraph", "EspalierBoard"]),

  // what users call
  swift(
    "Espalier", "Sources/Espalier",
    [
      "EspalierGraph", "EspalierONNX", "EspalierCoupling", "EspalierEvaluation", "EspalierPruning",
      "EspalierLowering", "EspalierModelFile", "EspalierExecutor", "EspalierBoard",
      "EspalierMeasure", "EspalierLatencyReport", "EspalierZoo", "EspalierHost",
      "EspalierTensorFiles",
      yams(),
    ]),
  .executableTarget(
    name: "EspalierTool",
    dependencies: ["Espalier", "EspalierLatencyReport", argumentParser()],
    path: "Sources/EspalierTool",
    swiftSettings: settings()),

  // a worked example of the public API; `make demo` runs it
  .executableTarget(
    name: "DigitsDemo", dependencies: ["Espalier"], path: "Examples/digits/Demo",
    swiftSettings: settings()),

  // what `make bench-peers` times beside other runtimes
  .executableTarget(
    name: "PeerWorker", dependencies: ["EspalierMeasure", "EspalierExecutor", "EspalierBoard"],
    path: "Tests/Performance/peers/Worker", swiftSettings: settings()),

  // tests: one folder per module
  tests("BoardTests", "Tests/Board", ["EspalierBoard"]),
  tests("LatencyReportTests", "Tests/LatencyReport", ["EspalierLatencyReport"]),
  tests(
    "MeasureTests", "Tests/Measure",
    [
      "EspalierMeasure", "EspalierExecutor", "EspalierBoard", "EspalierBoardProgram",
      "EspalierModelFile", "EspalierLatencyReport",
    ]),
  kernels("CEspalierKernelChecks", "Tests/Kernels/Checks", ["CEspalierKernels"]),
  tests(
    "KernelTests", "Tests/Kernels/Swift",
    ["CEspalierKernelChecks", "CEspalierKernels", "EspalierModelFile"]),
  .target(name: "CEspalierAllocationCount", path: "Tests/Executor/AllocationCount"),
  tests(
    "ExecutorTests", "Tests/Executor",
    [
      "EspalierExecutor", "EspalierModelFile", "EspalierLowering", "EspalierGraph",
      "EspalierOperatorCases", "CEspalierAllocationCount",
    ],
    exclude: ["AllocationCount"]),
  // seeded random numbers and tensors for tests
  .target(
    name: "EspalierSeeded", dependencies: ["EspalierGraph"], path: "Tests/Seeded",
    swiftSettings: settings()),
  // small valid nodes of every operator, for all tests that take one
  .target(
    name: "EspalierOperatorCases", dependencies: ["EspalierGraph", "EspalierSeeded"],
    path: "Tests/OperatorCases", swiftSettings: settings()),
  // writes what `Scripts/fuzz.sh` starts from
  .executableTarget(
    name: "FuzzSeeds",
    dependencies: [
      "EspalierGraph", "EspalierLowering", "EspalierModelFile", "EspalierONNX",
      "EspalierOperatorCases", "EspalierSeeded",
    ],
    path: "Tests/Fuzz/Seeds", swiftSettings: settings()),
  tests(
    "GraphTests", "Tests/Graph", ["EspalierGraph", "EspalierSeeded", "EspalierOperatorCases"]),
  tests(
    "EvaluationTests", "Tests/Evaluation",
    [
      "EspalierEvaluation", "EspalierGraph", "EspalierZoo", "EspalierSeeded",
      "EspalierOperatorCases", "CEspalierBLAS",
    ]),
  tests(
    "CouplingTests", "Tests/Coupling",
    [
      "EspalierCoupling", "EspalierGraph", "EspalierONNX", "EspalierSeeded",
      "EspalierOperatorCases",
    ], exclude: ["Fixtures"]),
  tests(
    "PruningTests", "Tests/Pruning",
    [
      "EspalierPruning", "EspalierCoupling", "EspalierEvaluation", "EspalierGraph",
      "EspalierONNX", "EspalierZoo", "EspalierSeeded",
    ]),
  tests(
    "LoweringTests", "Tests/Lowering",
    ["EspalierLowering", "EspalierGraph", "EspalierModelFile", "EspalierSeeded"]),
  tests("ZooTests", "Tests/Zoo", ["EspalierZoo", "EspalierGraph"]),
  tests(
    "HostTests", "Tests/Host",
    ["EspalierHost", "EspalierLowering", "EspalierModelFile", "EspalierGraph", "EspalierSeeded"]),
  tests(
    "TensorFilesTests", "Tests/TensorFiles",
    ["EspalierTensorFiles", "EspalierGraph", "EspalierSeeded"]),
  tests(
    "EspalierTests", "Tests/Espalier",
    [
      "Espalier", "EspalierGraph", "EspalierONNX", "EspalierPruning", "EspalierLowering",
      "EspalierModelFile", "EspalierHost", "EspalierZoo", "EspalierSeeded",
    ]),
  tests(
    "PipelineTests", "Tests/Pipeline",
    [
      "Espalier", "EspalierGraph", "EspalierONNX", "EspalierPruning", "EspalierLowering",
      "EspalierHost", "EspalierExecutor", "EspalierModelFile", "EspalierZoo", "EspalierSeeded",
    ], exclude: ["bad-input.sh", "Cases", "CompositeCases"]),
  tests("ONNXTests", "Tests/ONNX", ["EspalierONNX", "EspalierGraph"]),
  tests(
    "OperatorTests", "Tests/Operators",
    [
      "Espalier", "EspalierONNX", "EspalierGraph", "EspalierSeeded", "EspalierOperatorCases",
    ],
    exclude: ["onnx-cases-failing.txt"]),
  tests(
    "ModelFileTests", "Tests/ModelFile", ["EspalierModelFile", "CEspalierModelFile"],
    exclude: ["Golden"]),
]

let package = Package(
  name: "espalier",
  products: [
    .library(name: "Espalier", targets: ["Espalier"]),
    .executable(name: "espalier", targets: ["EspalierTool"]),
    // What a Swift program needs to run and time packed models: nothing of the converter.
    .library(
      name: "EspalierRuntime",
      targets: ["EspalierExecutor", "EspalierMeasure", "EspalierLatencyReport"]),
    // What a board gets: linked into `espalier-board` by Scripts/build-board.sh.
    .library(name: "EspalierBoardProgram", type: .static, targets: ["EspalierBoardProgram"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.31.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
  ],
  targets: modules,
  cLanguageStandard: .c17,
  cxxLanguageStandard: .cxx17
)

func argumentParser() -> Target.Dependency {
  .product(name: "ArgumentParser", package: "swift-argument-parser")
}
func protobuf() -> Target.Dependency { .product(name: "SwiftProtobuf", package: "swift-protobuf") }

func yams() -> Target.Dependency { .product(name: "Yams", package: "Yams") }

func settings() -> [SwiftSetting] {
  [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
  ]
}

func swift(
  _ name: String, _ path: String, _ imports: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
  .target(
    name: name, dependencies: imports, path: path, exclude: exclude, swiftSettings: settings())
}

func kernels(
  _ name: String, _ path: String, _ imports: [Target.Dependency] = []
) -> Target {
  .target(
    name: name, dependencies: imports, path: path,
    cSettings: [.unsafeFlags(["-O3", "-fno-math-errno"])],
    linkerSettings: [.linkedLibrary("m")])
}

/// OpenBLAS behind the few routines that the converter uses: `libopenblas-dev`.
func blas(_ name: String, _ path: String) -> Target {
  .target(name: name, path: path, linkerSettings: [.linkedLibrary("openblas")])
}

func bridge(_ name: String, _ path: String) -> Target {
  .target(
    name: name, path: path,
    cxxSettings: [.unsafeFlags(["-fno-exceptions", "-fno-rtti"])])
}

func tests(
  _ name: String, _ path: String, _ imports: [Target.Dependency], exclude: [String] = []
) -> Target {
  .testTarget(
    name: name, dependencies: imports, path: path, exclude: exclude, swiftSettings: settings())
}
