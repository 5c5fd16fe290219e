// Moving data between a tensor's own order and the tiles that micro-kernels read, and finishing
// rows that were just written.
#ifndef ESP_PACK_H
#define ESP_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "esp_contraction.h"

typedef struct esp_pack_kernels {
  /// tile[k * pitch + j] = x[offsets[k] + j], j < columns, k < count; lanes up to the next whole
  /// vector are zeroed.
  void (*rows)(float *tile, ptrdiff_t pitch, const float *x, const int32_t *offsets, int32_t count,
               int32_t columns);
  /// tile[k * pitch + j] = x[k * x_stride + j] where bit j % width of lanes[j / width] is set, else
  /// 0; k < count, j < vectors * width. Only those elements of x are read.
  void (*lanes)(float *tile, ptrdiff_t pitch, const float *x, ptrdiff_t x_stride, int32_t count,
                const uint16_t *lanes, int32_t vectors);
  /// tile[k * pitch + j] = scale * x[j * x_stride + k], the same otherwise.
  void (*transposed)(float *tile, ptrdiff_t pitch, const float *x, ptrdiff_t x_stride,
                     int32_t count, int32_t columns, float scale);
  /// y[j * y_stride + i] = activation(sums[i * pitch + j] + residual[j * y_stride + i]), i < rows,
  /// j < columns; residual may be null.
  void (*finish_transposed)(const float *sums, ptrdiff_t pitch, int32_t rows, int32_t columns,
                            float *y, ptrdiff_t y_stride, const float *residual,
                            const esp_epilogue *);
  /// y[i * y_stride + j] = activation(y[...]): the functions that micro-kernels do not apply.
  void (*activate)(float *y, ptrdiff_t y_stride, int32_t rows, int32_t columns,
                   const esp_epilogue *);
  /// to[i * to_stride + j] = from[i * from_stride + j * stride], i < rows, j < columns; reads
  /// nothing behind the last column of a row.
  void (*strided)(float *to, ptrdiff_t to_stride, const float *from, ptrdiff_t from_stride,
                  int32_t rows, int32_t columns, int32_t stride);
} esp_pack_kernels;

#endif
