public import EspalierGraph

/// Well-known architectures with random weights, for work on latency.
///
/// Shapes, parameters and operations are those of the published networks; what the networks answer
/// means nothing, but it stays in range and depends on the input.
public enum Zoo {
  /// Every architecture; a new one is a file beside this one and a line here.
  public static let architectures: [Architecture] = [
    .resNet18, .resNet50, .denseNet121, .mobileNetV1, .mobileNetV2, .efficientNetB0,
    .visionTransformerB16, .swinT, .yoloV5m, .biSeNetV2, .uNet, .dcganGenerator, .bertSmall,
    .gptDecoder, .llamaDecoder, .lstmTagger, .gruTagger, .graphNetwork,
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
    private let imageSize: Int
    private let build: @Sendable (inout NetworkBuilder) -> Void

    /// - Parameter imageSize: Height of the image, for architectures that take one.
    init(
      _ name: String, _ summary: String, imageSize: Int = 224,
      build: @escaping @Sendable (inout NetworkBuilder) -> Void
    ) {
      self.name = name
      self.summary = summary
      self.imageSize = imageSize
      self.build = build
    }

    /// The network in opset 17 with a batch of one; the seed decides every weight.
    public func graph(seed: UInt64 = 0) -> Graph { graph(seed: seed, imageSize: imageSize) }

    /// - Parameter imageSize: Height of the image, a multiple of 32 (Swin-T: 224); for quick tests.
    package func graph(seed: UInt64, imageSize: Int) -> Graph {
      var builder = NetworkBuilder(name: name, seed: seed, imageSize: imageSize)
      build(&builder)
      return builder.graph
    }
  }
}
