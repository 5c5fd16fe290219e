// How a reduction walks its tensor, derived from its simplified arguments.
#ifndef ESP_REDUCE_H
#define ESP_REDUCE_H

#include "plain.h"

enum { ESP_REDUCE_SLAB = 64 };

/// After merging, axes alternate between kept and reduced. The last one is handled apart: it is
/// `run` consecutive elements, which one output sums up or which belong to `run` outputs.
typedef struct esp_reduction {
  bool last_kept;
  int64_t run, slabs;       // slabs: of ESP_REDUCE_SLAB outputs along a kept run; else 1
  int64_t outputs, terms;   // outputs in all; elements that make one output
  int64_t outer;            // product of the kept axes but a kept last one
  int32_t kept_rank, reduced_rank;  // without the last axis
  int64_t kept_dims[ESP_MAX_RANK], kept_strides[ESP_MAX_RANK];
  int64_t reduced_dims[ESP_MAX_RANK], reduced_strides[ESP_MAX_RANK];
} esp_reduction;

esp_reduction esp_reduction_of(const esp_reduce *);

static inline int64_t esp_reduction_units(const esp_reduction *r) {
  return r->outputs == 0 ? 0 : r->outer * r->slabs;
}
static inline int64_t esp_reduction_cost(const esp_reduction *r) {
  return r->terms * (r->last_kept ? esp_minimum(r->run, ESP_REDUCE_SLAB) : 1);
}

#endif
