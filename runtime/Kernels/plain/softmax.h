// How softmax is cut into units: rows where inner is 1, otherwise slabs of neighbouring columns.
#ifndef ESP_SOFTMAX_H
#define ESP_SOFTMAX_H

#include "plain.h"

enum { ESP_SOFTMAX_SLAB = 64 };

static inline int64_t esp_softmax_slabs(const esp_softmax *softmax) {
  return esp_ceiling_quotient(softmax->inner, ESP_SOFTMAX_SLAB);
}

static inline int64_t esp_softmax_units(const esp_softmax *softmax) {
  return softmax->extent == 0 ? 0 : softmax->outer * esp_softmax_slabs(softmax);
}

static inline int64_t esp_softmax_cost(const esp_softmax *softmax) {
  return softmax->extent * esp_minimum(softmax->inner, ESP_SOFTMAX_SLAB);
}

#endif
