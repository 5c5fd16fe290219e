public import EspalierGraph
internal import EspalierTensorFiles

extension Tensor {
  /// Reads a tensor from a NumPy file.
  /// - Throws: `EspalierError`: 66 where there is no file, 65 where it is no array we can take.
  public init(contentsOf path: String) throws(EspalierError) {
    do throws(TensorFileError) { self = try tensor(contentsOfNumPy: path) } catch {
      throw EspalierError(error)
    }
  }

  /// Writes the tensor as a NumPy file, whole or not at all; types NumPy's reader lacks become float32.
  /// - Returns: The type and shape that the file has.
  /// - Throws: `EspalierError` with 73 or 74.
  @discardableResult
  public func write(to path: String) throws(EspalierError) -> TensorType {
    do throws(TensorFileError) {
      return try EspalierTensorFiles.write(self, toNumPy: path)
    } catch {
      throw EspalierError(error)
    }
  }
}
