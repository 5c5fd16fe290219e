#include "plain.h"

static void run(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  const esp_gather_elements *gather = arguments;
  int32_t rank = gather->rank, axis = gather->axis;
  esp_range range =
      esp_units(first, last, esp_product(gather->index_dims, 0, rank), 1);
  if (range.first >= range.last) return;
  int64_t extent = gather->x_dims[axis];
  int64_t axis_stride = esp_product(gather->x_dims, axis + 1, rank);
  // The walk leaves the axis out (stride 0); the index puts it in.
  int64_t strides[ESP_MAX_RANK];
  for (int32_t a = 0; a < rank; a++) {
    strides[a] = a == axis ? 0 : esp_product(gather->x_dims, a + 1, rank);
  }
  esp_walk walk = {
      .rank = rank, .operands = 1, .dims = gather->index_dims, .strides = {strides}};
  esp_walk_start(&walk, range.first);
  for (int64_t i = range.first; i < range.last; i++) {
    int64_t from = esp_load_index(gather->index_type, gather->index, i);
    if (from < 0) from += extent;
    if (from < 0 || from >= extent) {
      worker->fault = ESP_FAULT_INDEX_OUT_OF_RANGE;
      return;
    }
    esp_copy_element(gather->element_size, gather->y, i, gather->x,
                     walk.offset[0] + from * axis_stride);
    esp_walk_advance(&walk, 1);
  }
}

esp_task esp_gather_elements_task(esp_gather_elements *gather, esp_isa isa) {
  (void)isa;
  int64_t count = esp_product(gather->index_dims, 0, gather->rank);
  return esp_task_of_units(run, gather, count, 1);
}
