#include "plain.h"

static void run(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  const esp_gather *gather = arguments;
  size_t row = (size_t)gather->inner * (size_t)gather->element_size;
  esp_range rows =
      esp_units(first, last, gather->outer * gather->index_count, gather->inner);
  if (rows.first >= rows.last) return;
  int64_t outer = rows.first / gather->index_count, j = rows.first % gather->index_count;
  for (int64_t at = rows.first; at < rows.last; at++) {
    int64_t from = esp_load_index(gather->index_type, gather->index, j);
    if (from < 0) from += gather->extent;
    if (from < 0 || from >= gather->extent) {
      worker->fault = ESP_FAULT_INDEX_OUT_OF_RANGE;
      return;
    }
    from += outer * gather->extent;
    if (gather->inner == 1) {
      esp_copy_element(gather->element_size, gather->y, at, gather->x, from);
    } else {
      memcpy((uint8_t *)gather->y + (size_t)at * row,
             (const uint8_t *)gather->x + (size_t)from * row, row);
    }
    if (++j == gather->index_count) {
      j = 0;
      outer++;
    }
  }
}

esp_task esp_gather_task(esp_gather *gather, esp_isa isa) {
  (void)isa;
  int64_t rows = gather->inner == 0 ? 0 : gather->outer * gather->index_count;
  return esp_task_of_units(run, gather, rows, gather->inner);
}
