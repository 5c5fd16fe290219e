import Espalier
import EspalierGraph
import EspalierONNX
import EspalierZoo
import Testing

@Suite struct ZooNetworkTests {
  /// Written as ONNX and read back, packed, and run: as the reference says.
  @Test(arguments: Zoo.architectures.map(\.name))
  func theRuntimeComputesWhatTheReferenceDoes(name: String) throws {
    // Windows of Swin-T divide the map at this size.
    let size = name == "swin_t" ? 224 : name == "unet" ? 32 : 64
    let graph = try #require(Zoo.architecture(named: name)).graph(seed: 3, imageSize: size)
    let packed = try Packed(importONNX(bytes: exportONNX(graph)), seed: 4)
    let differences = packed.differences(try packed.results(threads: 2))
    #expect(differences.isEmpty, "\(differences)")
  }
}
