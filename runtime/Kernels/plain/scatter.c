#include "scatter.h"

// Scatters are one item: duplicate indices make the order of updates part of the result.

#define ESP_SCATTER_CASES(T, W)                                                     \
  {                                                                                 \
    T *to = (T *)y + y_at;                                                          \
    const T *from = (const T *)updates + u_at;                                      \
    for (int64_t i = 0; i < count; i++) {                                           \
      T old = to[i], new = from[i];                                                 \
      switch (reduction) {                                                          \
        case ESP_SCATTER_SET: to[i] = new; break;                                   \
        case ESP_SCATTER_ADD: to[i] = (T)((W)old + (W)new); break;                  \
        case ESP_SCATTER_MUL: to[i] = (T)((W)old * (W)new); break;                  \
        case ESP_SCATTER_MIN: to[i] = new < old || new != new ? new : old; break;   \
        case ESP_SCATTER_MAX: to[i] = new > old || new != new ? new : old; break;   \
      }                                                                             \
    }                                                                               \
    return;                                                                         \
  }

void esp_scatter_update(esp_type type, esp_scatter_reduction reduction, void *y, int64_t y_at,
                        const void *updates, int64_t u_at, int64_t count) {
  if (reduction == ESP_SCATTER_SET) {
    size_t size = esp_type_size(type);
    memcpy((uint8_t *)y + (size_t)y_at * size, (const uint8_t *)updates + (size_t)u_at * size,
           (size_t)count * size);
    return;
  }
  switch (type) {
    case ESP_F32: ESP_SCATTER_CASES(float, float)
    case ESP_I32: ESP_SCATTER_CASES(int32_t, uint32_t)
    case ESP_I64: ESP_SCATTER_CASES(int64_t, uint64_t)
    case ESP_I8: ESP_SCATTER_CASES(int8_t, uint32_t)
    case ESP_U8: ESP_SCATTER_CASES(uint8_t, uint32_t)
    case ESP_BOOL:  // addition is "or", multiplication "and"
      for (int64_t i = 0; i < count; i++) {
        uint8_t *to = (uint8_t *)y + y_at + i;
        uint8_t new = ((const uint8_t *)updates)[u_at + i];
        bool either = reduction == ESP_SCATTER_ADD || reduction == ESP_SCATTER_MAX;
        *to = either ? (uint8_t)(*to | new) : (uint8_t)(*to & new);
      }
      return;
  }
}

static void run_nd(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)first, (void)last;
  const esp_scatter_nd *scatter = arguments;
  if (scatter->x != scatter->y) {
    memcpy(scatter->y, scatter->x, (size_t)scatter->count * esp_type_size(scatter->type));
  }
  for (int64_t t = 0; t < scatter->tuples; t++) {
    const int64_t *tuple = scatter->index + t * scatter->tuple_length;
    int64_t to = 0;
    for (int32_t d = 0; d < scatter->tuple_length; d++) {
      int64_t extent = scatter->dims[d];
      int64_t coordinate = tuple[d] < 0 ? tuple[d] + extent : tuple[d];
      if (coordinate < 0 || coordinate >= extent) {
        worker->fault = ESP_FAULT_INDEX_OUT_OF_RANGE;
        return;
      }
      to = to * extent + coordinate;
    }
    esp_scatter_update(scatter->type, scatter->reduction, scatter->y, to * scatter->inner,
                       scatter->updates, t * scatter->inner, scatter->inner);
  }
}

esp_task esp_scatter_nd_task(esp_scatter_nd *scatter, esp_isa isa) {
  (void)isa;
  return (esp_task){run_nd, scatter, scatter->count > 0, 0};
}

static void run_elements(const void *arguments, int64_t first, int64_t last,
                         esp_worker *worker) {
  (void)first, (void)last;
  const esp_scatter_elements *scatter = arguments;
  int32_t rank = scatter->rank, axis = scatter->axis;
  if (scatter->x != scatter->y) {
    size_t count = (size_t)esp_product(scatter->x_dims, 0, rank);
    memcpy(scatter->y, scatter->x, count * esp_type_size(scatter->type));
  }
  int64_t extent = scatter->x_dims[axis];
  int64_t axis_stride = esp_product(scatter->x_dims, axis + 1, rank);
  int64_t strides[ESP_MAX_RANK];
  for (int32_t a = 0; a < rank; a++) {
    strides[a] = a == axis ? 0 : esp_product(scatter->x_dims, a + 1, rank);
  }
  esp_walk walk = {
      .rank = rank, .operands = 1, .dims = scatter->index_dims, .strides = {strides}};
  esp_walk_start(&walk, 0);
  int64_t updates = esp_product(scatter->index_dims, 0, rank);
  for (int64_t i = 0; i < updates; i++) {
    int64_t to = esp_load_index(scatter->index_type, scatter->index, i);
    if (to < 0) to += extent;
    if (to < 0 || to >= extent) {
      worker->fault = ESP_FAULT_INDEX_OUT_OF_RANGE;
      return;
    }
    esp_scatter_update(scatter->type, scatter->reduction, scatter->y,
                       walk.offset[0] + to * axis_stride, scatter->updates, i, 1);
    esp_walk_advance(&walk, 1);
  }
}

esp_task esp_scatter_elements_task(esp_scatter_elements *scatter, esp_isa isa) {
  (void)isa;
  int64_t count = esp_product(scatter->x_dims, 0, scatter->rank);
  return (esp_task){run_elements, scatter, count > 0, 0};
}
