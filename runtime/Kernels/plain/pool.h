// How pooling is cut, and which windows take which path.
#ifndef ESP_POOL_H
#define ESP_POOL_H

#include "plain.h"

/// The two-pass path's limits: floats of a row it holds on the stack, rows of a window.
enum { ESP_POOL_ROW = 2048, ESP_POOL_WINDOW_ROWS = 32 };

static inline int64_t esp_pool_plane(const esp_pool *pool) { return esp_product(pool->in, 0, 3); }

static inline int64_t esp_pool_cost(const esp_pool *pool) {
  return esp_maximum(esp_pool_plane(pool), esp_product(pool->out, 0, 3));
}

/// Whether one window is exactly the plane.
static inline bool esp_pool_is_global(const esp_pool *pool) {
  for (int axis = 0; axis < 3; axis++) {
    if (pool->out[axis] != 1 || pool->kernel[axis] != pool->in[axis] || pool->in[axis] == 0 ||
        pool->pad_begin[axis] != 0 || pool->dilation[axis] != 1) {
      return false;
    }
  }
  return true;
}

/// The kernel's cells t in 0 ..< kernel with low <= start + t * dilation < high; not one by one, since a file
/// may claim any kernel.
static inline esp_range esp_pool_cells(int64_t start, int64_t kernel, int64_t dilation,
                                       int64_t low, int64_t high) {
  int64_t first = start >= low ? 0 : esp_ceiling_quotient(low - start, dilation);
  int64_t last = high <= start ? 0 : esp_minimum(kernel, esp_ceiling_quotient(high - start, dilation));
  return (esp_range){first, esp_maximum(first, last)};
}

/// Cells an average along one axis divides by, for the window that starts at `start`.
static inline int64_t esp_pool_divisor(const esp_pool *pool, int axis, int64_t start) {
  int64_t low = pool->count_include_pad ? -pool->pad_begin[axis] : 0;
  int64_t high = pool->in[axis] + (pool->count_include_pad ? pool->pad_end[axis] : 0);
  esp_range cells = esp_pool_cells(start, pool->kernel[axis], pool->dilation[axis], low, high);
  return cells.last - cells.first;
}

#endif
