// How a copy is cut, derived from its simplified arguments.
#ifndef ESP_COPY_H
#define ESP_COPY_H

#include "plain.h"

/// Rows of a transposed copy that make one unit: a cache line of f32.
enum { ESP_COPY_SLAB = 16 };

/// Whether the last two axes are a transposition: consecutive in y along one, in x along the other,
/// and both long enough for slabs.
static inline bool esp_copy_transposes(const esp_copy *copy) {
  int32_t rank = copy->rank;
  return rank >= 2 && copy->y_strides[rank - 1] == 1 && copy->x_strides[rank - 2] == 1 &&
         copy->x_strides[rank - 1] != 1 && copy->dims[rank - 2] >= 8 && copy->dims[rank - 1] >= 8;
}

/// Slabs of ESP_COPY_SLAB along the last axis but one, where the copy transposes.
static inline int64_t esp_copy_slabs(const esp_copy *copy) {
  return esp_ceiling_quotient(copy->dims[copy->rank - 2], ESP_COPY_SLAB);
}

static inline int64_t esp_copy_units(const esp_copy *copy) {
  if (!esp_copy_transposes(copy)) return esp_product(copy->dims, 0, copy->rank);
  if (esp_product(copy->dims, 0, copy->rank) == 0) return 0;
  return esp_product(copy->dims, 0, copy->rank - 2) * esp_copy_slabs(copy);
}

static inline int64_t esp_copy_cost(const esp_copy *copy) {
  return esp_copy_transposes(copy) ? ESP_COPY_SLAB * copy->dims[copy->rank - 1] : 1;
}

#endif
