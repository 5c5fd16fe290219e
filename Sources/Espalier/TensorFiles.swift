public import EspalierGraph
internal import EspalierTensorFiles

/// Reads a tensor from a NumPy file.
/// - Throws: `EspalierError`: 66 where there is no file, 65 where it is no array we can take.
public func readNumPy(_ path: String) throws(EspalierError) -> Tensor {
  do throws(TensorFileError) { return try tensor(contentsOfNumPy: path) } catch {
    throw EspalierError(error)
  }
}

/// Writes a tensor as a NumPy file, whole or not at all; types NumPy's reader lacks become float32.
/// - Returns: The type and shape that the file has.
/// - Throws: `EspalierError` with 73 or 74.
@discardableResult
public func writeNumPy(_ tensor: Tensor, to path: String) throws(EspalierError) -> TensorType {
  do throws(TensorFileError) { return try write(tensor, toNumPy: path) } catch {
    throw EspalierError(error)
  }
}
