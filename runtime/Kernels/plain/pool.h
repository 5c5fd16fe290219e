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

/// Kernel cells t in 0 ..< kernel with low <= start + t * dilation < high.
static inline int64_t esp_pool_cells(int64_t start, int64_t kernel, int64_t dilation, int64_t low,
                                     int64_t high) {
  if (start >= low && start + (kernel - 1) * dilation < high) return kernel;
  int64_t count = 0;
  for (int64_t t = 0; t < kernel; t++) {
    int64_t at = start + t * dilation;
    count += at >= low && at < high;
  }
  return count;
}

/// Cells an average along one axis divides by, for the window that starts at `start`.
static inline int64_t esp_pool_divisor(const esp_pool *pool, int axis, int64_t start) {
  int64_t low = pool->count_include_pad ? -pool->pad_begin[axis] : 0;
  int64_t high = pool->in[axis] + (pool->count_include_pad ? pool->pad_end[axis] : 0);
  return esp_pool_cells(start, pool->kernel[axis], pool->dilation[axis], low, high);
}

#endif
