#include "plain.h"

#define ESP_SELECT_ROW(T)                                                             \
  {                                                                                   \
    const T *a = (const T *)select->a + walk.offset[1];                               \
    const T *b = (const T *)select->b + walk.offset[2];                               \
    T *y = (T *)select->y + at;                                                       \
    if (sc == 1 && sa == 1 && sb == 1) {                                              \
      for (int64_t i = 0; i < n; i++) y[i] = c[i] ? a[i] : b[i];                      \
    } else if (sc == 1 && sa == 1 && sb == 0) {                                       \
      T fixed = *b;                                                                   \
      for (int64_t i = 0; i < n; i++) y[i] = c[i] ? a[i] : fixed;                     \
    } else if (sc == 1 && sa == 0 && sb == 1) {                                       \
      T fixed = *a;                                                                   \
      for (int64_t i = 0; i < n; i++) y[i] = c[i] ? fixed : b[i];                     \
    } else {                                                                          \
      for (int64_t i = 0; i < n; i++) y[i] = c[i * sc] ? a[i * sa] : b[i * sb];       \
    }                                                                                 \
    break;                                                                            \
  }

static void run(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)worker;
  const esp_select *select = arguments;
  int32_t inner = select->rank - 1;
  int64_t sc = select->condition_strides[inner], sa = select->a_strides[inner];
  int64_t sb = select->b_strides[inner];
  esp_walk walk = {
      .rank = select->rank, .operands = 3, .dims = select->dims,
      .strides = {select->condition_strides, select->a_strides, select->b_strides}};
  esp_range range = esp_units(first, last, esp_product(select->dims, 0, select->rank), 1);
  if (range.first >= range.last) return;
  esp_walk_start(&walk, range.first);
  for (int64_t at = range.first; at < range.last;) {
    int64_t n = esp_minimum(range.last - at, select->dims[inner] - walk.coordinate[inner]);
    const uint8_t *c = select->condition + walk.offset[0];
    switch (select->element_size) {
      case 1: ESP_SELECT_ROW(uint8_t)
      case 4: ESP_SELECT_ROW(uint32_t)
      default: ESP_SELECT_ROW(uint64_t)
    }
    at += n;
    esp_walk_advance(&walk, n);
  }
}

esp_task esp_select_task(esp_select *select, esp_isa isa) {
  (void)isa;
  int64_t *strides[] = {select->condition_strides, select->a_strides, select->b_strides};
  esp_merge_axes(&select->rank, select->dims, 3, strides);
  return esp_task_of_units(run, select, esp_product(select->dims, 0, select->rank), 1);
}
