// Copying part of a plane into a place with zeros around it.
#ifndef ESP_ROWS_H
#define ESP_ROWS_H

#include <stdint.h>
#include <string.h>

#include "../pack/esp_pack.h"

/// The indices j < count for which first + j * stride lies in 0 ..< length: begin ..< end.
typedef struct esp_span {
  int32_t begin, end;
} esp_span;

static inline esp_span esp_span_inside(int64_t first, int32_t stride, int32_t length,
                                       int32_t count) {
  int64_t begin = first >= 0 ? 0 : -first;
  int64_t end = first < length ? length - first : 0;
  if (stride > 1) {  // divisions that gathering a row at a time would feel
    begin = (begin + stride - 1) / stride;
    end = (end + stride - 1) / stride;
  }
  if (end > count) end = count;
  if (begin > end) begin = end;
  return (esp_span){(int32_t)begin, (int32_t)end};
}

/// What part of a padded plane takes from the input: row i, column j is input row
/// top + i * stride_h, column left + j * stride_w, or 0 outside.
typedef struct esp_window {
  int64_t top, left;
  int32_t stride_h, stride_w, rows, columns;
} esp_window;

/// to[i * pitch + j] = the window's row i, column j. Zeros are not written: they must be there.
static inline void esp_copy_window(const esp_pack_kernels *pack, const esp_window *w, float *to,
                                   ptrdiff_t pitch, const float *from, int32_t in_h,
                                   int32_t in_w) {
  const esp_span rows = esp_span_inside(w->top, w->stride_h, in_h, w->rows);
  const esp_span columns = esp_span_inside(w->left, w->stride_w, in_w, w->columns);
  if (rows.begin == rows.end || columns.begin == columns.end) return;
  const int64_t y = w->top + (int64_t)rows.begin * w->stride_h;
  const int64_t x = w->left + (int64_t)columns.begin * w->stride_w;
  pack->strided(to + rows.begin * pitch + columns.begin, pitch, from + y * in_w + x,
                (ptrdiff_t)in_w * w->stride_h, rows.end - rows.begin,
                columns.end - columns.begin, w->stride_w);
}

#endif
