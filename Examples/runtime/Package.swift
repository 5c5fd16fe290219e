// swift-tools-version: 6.2
import PackageDescription

// A program that only runs packed models: it depends on the runtime, and so on no part of the
// converter. Scripts/check-runtime.sh builds and runs it.
let package = Package(
  name: "run-model",
  dependencies: [.package(name: "espalier", path: "../..")],
  targets: [
    .executableTarget(
      name: "RunModel",
      dependencies: [.product(name: "EspalierRuntime", package: "espalier")],
      swiftSettings: [.enableUpcomingFeature("MemberImportVisibility")])
  ]
)
