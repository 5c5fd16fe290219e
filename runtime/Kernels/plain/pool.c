// Pooling one window at a time: three spatial axes, indices, p-norms. Maxima and averages over
// planes are in pool.inc.
#include "pool.h"

#include <math.h>

/// Where a plane's cell stands among all planes, as ONNX's Indices output counts.
static int64_t flat_index(const esp_pool *pool, int64_t plane, const int64_t at[3]) {
  int64_t within = pool->column_major
                       ? at[0] + pool->in[0] * (at[1] + pool->in[1] * at[2])
                       : (at[0] * pool->in[1] + at[1]) * pool->in[2] + at[2];
  return plane * esp_pool_plane(pool) + within;
}

static void pool_window(const esp_pool *pool, int64_t plane, const int64_t start[3],
                        int64_t y_at) {
  const float *x = pool->x + plane * esp_pool_plane(pool);
  double total = 0;
  float greatest = -INFINITY;
  int64_t index = plane * esp_pool_plane(pool), divisor = 1;
  bool found = false;
  for (int axis = 0; axis < 3; axis++) divisor *= esp_pool_divisor(pool, axis, start[axis]);
  esp_range cells[3];
  for (int axis = 0; axis < 3; axis++) {
    cells[axis] = esp_pool_cells(start[axis], pool->kernel[axis], pool->dilation[axis], 0, pool->in[axis]);
  }
  for (int64_t z = cells[0].first; z < cells[0].last; z++) {
    int64_t at[3] = {start[0] + z * pool->dilation[0]};
    for (int64_t row = cells[1].first; row < cells[1].last; row++) {
      at[1] = start[1] + row * pool->dilation[1];
      for (int64_t column = cells[2].first; column < cells[2].last; column++) {
        at[2] = start[2] + column * pool->dilation[2];
        float value = x[(at[0] * pool->in[1] + at[1]) * pool->in[2] + at[2]];
        switch (pool->kind) {
          case ESP_POOL_MAX:
            if (!found || value > greatest || (value != value && greatest == greatest)) {
              greatest = value;
              index = flat_index(pool, plane, at);
              found = true;
            }
            break;
          case ESP_POOL_AVERAGE: total += (double)value; break;
          case ESP_POOL_LP:
            total += pool->p == 1   ? fabs((double)value)
                     : pool->p == 2 ? (double)value * (double)value
                                    : pow(fabs((double)value), pool->p);
            break;
        }
      }
    }
  }
  switch (pool->kind) {
    case ESP_POOL_MAX: pool->y[y_at] = greatest; break;
    case ESP_POOL_AVERAGE: pool->y[y_at] = divisor ? (float)(total / (double)divisor) : 0; break;
    case ESP_POOL_LP:
      pool->y[y_at] = (float)(pool->p == 1   ? total
                              : pool->p == 2 ? sqrt(total)
                                             : pow(total, 1.0 / pool->p));
      break;
  }
  if (pool->indices) pool->indices[y_at] = index;
}

static void run(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)worker;
  const esp_pool *pool = arguments;
  esp_range planes = esp_units(first, last, pool->planes, esp_pool_cost(pool));
  for (int64_t plane = planes.first; plane < planes.last; plane++) {
    int64_t y_at = plane * esp_product(pool->out, 0, 3);
    for (int64_t z = 0; z < pool->out[0]; z++) {
      for (int64_t row = 0; row < pool->out[1]; row++) {
        for (int64_t column = 0; column < pool->out[2]; column++, y_at++) {
          int64_t start[3] = {z * pool->stride[0] - pool->pad_begin[0],
                              row * pool->stride[1] - pool->pad_begin[1],
                              column * pool->stride[2] - pool->pad_begin[2]};
          pool_window(pool, plane, start, y_at);
        }
      }
    }
  }
}

esp_task esp_pool_task(esp_pool *pool, esp_isa isa) {
  // The vector paths: windows within a plane, no indices, and one window fits the row buffer.
  int64_t width = (pool->kernel[2] - 1) * pool->dilation[2] + 1;
  bool flat = pool->in[0] == 1 && pool->kernel[0] == 1 && pool->out[0] == 1 &&
              pool->pad_begin[0] == 0 && pool->pad_end[0] == 0 && !pool->indices &&
              pool->kind != ESP_POOL_LP && width <= ESP_POOL_ROW && pool->stride[2] <= width;
  flat = flat && (pool->kernel[1] <= ESP_POOL_WINDOW_ROWS || esp_pool_is_global(pool));
  int64_t planes = esp_product(pool->out, 0, 3) == 0 ? 0 : pool->planes;
  return esp_task_of_units(flat ? ESP_PICK(isa, esp_pool_run) : run, pool, planes,
                           esp_pool_cost(pool));
}
