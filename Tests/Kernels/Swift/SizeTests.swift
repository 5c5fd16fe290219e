internal import CEspalierKernels
import Testing

/// Sizes that kernels work out from extents near the limits of their types.
@Suite struct SizeTests {
  /// Copies of this input would have 2^64 bytes, which wraps to none; tiles are gathered instead.
  @Test func `copies of an input too large to copy are not made`() {
    var convolution = unsafe esp_convolution()
    unsafe convolution.batch = 1
    unsafe convolution.in_channels = 1
    unsafe (convolution.in_h, convolution.in_w) = (2, 4_198_399)
    unsafe convolution.out_channels = 1
    unsafe (convolution.out_h, convolution.out_w) = (1, 4_194_304)
    unsafe (convolution.kernel_h, convolution.kernel_w) = (2, 4096)
    unsafe (convolution.stride_h, convolution.stride_w) = (1 << 30, 1)
    unsafe (convolution.dilation_h, convolution.dilation_w) = (1, 1)
    unsafe convolution.weight.packing = ESP_PACKING_PANELS
    unsafe (convolution.weight.rows, convolution.weight.columns) = (1, 8192)
    unsafe convolution.weight.groups = 1
    unsafe (convolution.weight.panel_height, convolution.weight.panels_per_list) = (1, 1)
    let needs = unsafe esp_convolution_requirements(&convolution, ESP_ISA_SCALAR)
    #expect(needs.shared_bytes == 0)
  }
}
