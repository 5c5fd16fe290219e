public import EspalierGraph

/// Well-known architectures with random weights, for work on latency.
///
/// Shapes, parameters and operations are those of the published networks; what the networks answer
/// means nothing, but it stays in range and depends on the input.
public enum Zoo {
  /// Every architecture; a new one is a file beside this one and a line here.
  public static let architectures: [Architecture] = [
    .resNet18, .resNet50, .mobileNetV1, .mobileNetV2, .efficientNetB0, .visionTransformerB16,
    .bertSmall,
  ]

  /// The architecture of a name as the command takes it, such as `resnet50`.
  public static func architecture(named name: String) -> Architecture? {
    architectures.first { $0.name == name }
  }

  /// A recipe for a graph.
  public struct Architecture: Sendable {
    /// As the command takes it.
    public let name: String
    /// The published name and where it comes from.
    public let summary: String
    private let build: @Sendable (inout NetworkBuilder) -> Void

    init(
      _ name: String, _ summary: String, build: @escaping @Sendable (inout NetworkBuilder) -> Void
    ) {
      self.name = name
      self.summary = summary
      self.build = build
    }

    /// The network in opset 17 with a batch of one; the seed decides every weight.
    public func graph(seed: UInt64 = 0) -> Graph { graph(seed: seed, imageSize: 224) }

    /// - Parameter imageSize: Height and width of the image, a multiple of 32; for quick tests.
    func graph(seed: UInt64, imageSize: Int) -> Graph {
      var builder = NetworkBuilder(name: name, seed: seed, imageSize: imageSize)
      build(&builder)
      return builder.graph
    }
  }
}
