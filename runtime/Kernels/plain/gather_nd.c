#include "plain.h"

static void run(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  const esp_gather_nd *gather = arguments;
  size_t row = (size_t)gather->inner * (size_t)gather->element_size;
  int64_t batch_rows = esp_product(gather->dims, 0, gather->tuple_length);
  esp_range rows = esp_units(first, last, gather->batches * gather->tuples, gather->inner);
  for (int64_t at = rows.first; at < rows.last; at++) {
    const int64_t *tuple = gather->index + at * gather->tuple_length;
    int64_t from = 0;
    for (int32_t d = 0; d < gather->tuple_length; d++) {
      int64_t extent = gather->dims[d];
      int64_t coordinate = tuple[d] < 0 ? tuple[d] + extent : tuple[d];
      if (coordinate < 0 || coordinate >= extent) {
        worker->fault = ESP_FAULT_INDEX_OUT_OF_RANGE;
        return;
      }
      from = from * extent + coordinate;
    }
    from += at / gather->tuples * batch_rows;
    memcpy((uint8_t *)gather->y + (size_t)at * row,
           (const uint8_t *)gather->x + (size_t)from * row, row);
  }
}

esp_task esp_gather_nd_task(esp_gather_nd *gather, esp_isa isa) {
  (void)isa;
  int64_t rows = gather->inner == 0 ? 0 : gather->batches * gather->tuples;
  return esp_task_of_units(run, gather, rows, gather->inner);
}
