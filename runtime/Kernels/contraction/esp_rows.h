// Copying one row of a plane into a place with zeros around it.
#ifndef ESP_ROWS_H
#define ESP_ROWS_H

#include <stdint.h>
#include <string.h>

#include "../pack/esp_pack.h"

/// to[j] = from[first + j * stride] for j < count, and 0 where that lies outside 0 ..< length.
static inline void esp_copy_row(const esp_pack_kernels *pack, float *to, int32_t count,
                                const float *from, int32_t length, int64_t first,
                                int32_t stride) {
  // The j that lie inside: begin ..< end.
  int64_t begin = first >= 0 ? 0 : (-first + stride - 1) / stride;
  int64_t end = first < length ? (length - first + stride - 1) / stride : 0;
  if (begin > count) begin = count;
  if (end > count) end = count;
  if (end < begin) end = begin;
  for (int64_t j = 0; j < begin; j++) to[j] = 0;
  if (stride == 1) {
    memcpy(to + begin, from + first + begin, (size_t)(end - begin) * sizeof(float));
  } else if (stride == 2 && end - begin >= 16) {  // shorter ones are not worth the call
    pack->every_other(to + begin, from + first + 2 * begin, (int32_t)(end - begin));
  } else {
    for (int64_t j = begin; j < end; j++) to[j] = from[first + j * stride];
  }
  for (int64_t j = end; j < count; j++) to[j] = 0;
}

#endif
