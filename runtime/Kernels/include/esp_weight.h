// Packed weights as kernels get them: the matrix of a convolution or linear layer, `rows` output
// channels by `columns` inputs per group. Column (ic * kernel_h + y) * kernel_w + x is a convolution's
// in ONNX's OIHW order; `rows` counts all groups, each of which has rows / groups.
//
// What each packing makes of the fields below is specified by the file of its name in
// Sources/ModelFile/Packings, and only there.
#ifndef ESP_WEIGHT_H
#define ESP_WEIGHT_H

#include <stddef.h>
#include <stdint.h>

#include "esp_packing.h"
#include "esp_type.h"

static inline int esp_is_winograd(esp_packing packing) {
  return packing == ESP_PACKING_WINOGRAD_2 || packing == ESP_PACKING_WINOGRAD_4;
}

/// Rows of a strip of a Winograd weight.
enum { ESP_WINOGRAD_STRIP = 32 };

/// Rows of a panel of every packing for products with vectors alone, and of no other packing.
enum { ESP_VECTOR_HEIGHT = 16 };

typedef struct esp_weight {
  esp_packing packing;
  int32_t rows, columns, groups;
  int32_t panel_height;
  int32_t panels_per_list;
  int32_t column_block;
  /// What the values are; kernels of a type ask for them by its accessor below. So far there is one.
  esp_type element;
  /// 64-byte-aligned; in the mapped file.
  const void *values;
  /// In elements.
  size_t value_count;
  /// Private, checked copies; null where the packing has none (dense panels: counts == NULL).
  const uint32_t *counts;
  size_t count_count;
  const uint32_t *column;
  size_t column_count;
  const uint16_t *stream;
  size_t stream_count;
  /// What esp_transform_weight made of the values of one of Winograd's packings; null for others.
  const float *transformed;
} esp_weight;

/// The values of a weight of ESP_F32, which whoever binds a step has checked.
static inline const float *esp_weight_floats(const esp_weight *weight) { return weight->values; }

#endif
