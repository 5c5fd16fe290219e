#include "plain.h"

static int64_t index_at(const esp_one_hot *hot, int64_t at) {
  if (hot->index_type != ESP_F32) return esp_load_index(hot->index_type, hot->index, at);
  float value = ((const float *)hot->index)[at];
  // Beyond these no class exists, and the conversion would be undefined.
  return value > -0x1p62f && value < 0x1p62f ? (int64_t)value : INT64_MAX;
}

static void run(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)worker;
  const esp_one_hot *hot = arguments;
  int64_t inner = hot->inner, depth = hot->depth;
  esp_range columns = esp_units(first, last, hot->outer * inner, depth);
  for (int64_t at = columns.first; at < columns.last; at++) {
    int64_t y_at = at / inner * depth * inner + at % inner, index = index_at(hot, at);
    if (index < 0) index += depth;
    for (int64_t d = 0; d < depth; d++) {
      esp_copy_element(hot->element_size, hot->y, y_at + d * inner, hot->values, d == index);
    }
  }
}

esp_task esp_one_hot_task(esp_one_hot *hot, esp_isa isa) {
  (void)isa;
  int64_t columns = hot->depth == 0 ? 0 : hot->outer * hot->inner;
  return esp_task_of_units(run, hot, columns, hot->depth);
}
