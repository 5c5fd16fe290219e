#include "copy.h"

static int64_t size_of(int64_t stride) { return stride < 0 ? -stride : stride; }

static void swap(int64_t *values, int32_t i, int32_t j) {
  int64_t value = values[i];
  values[i] = values[j];
  values[j] = value;
}

/// Exchanges two axes; the order in which a copy visits elements is free.
static void swap_axes(esp_copy *copy, int32_t i, int32_t j) {
  swap(copy->dims, i, j);
  swap(copy->x_strides, i, j);
  swap(copy->y_strides, i, j);
}

esp_task esp_copy_task(esp_copy *copy, esp_isa isa) {
  int64_t *strides[] = {copy->x_strides, copy->y_strides};
  esp_merge_axes(&copy->rank, copy->dims, 2, strides);
  // Largest stride of y first: writes then go forward, and more axes merge.
  for (int32_t i = 1; i < copy->rank; i++) {
    for (int32_t j = i; j > 0; j--) {
      if (size_of(copy->y_strides[j]) <= size_of(copy->y_strides[j - 1])) break;
      swap_axes(copy, j, j - 1);
    }
  }
  esp_merge_axes(&copy->rank, copy->dims, 2, strides);
  int32_t last = copy->rank - 1;
  if (copy->y_strides[last] == 1 && copy->x_strides[last] != 1) {
    for (int32_t axis = 0; axis < last; axis++) {
      if (copy->x_strides[axis] == 1) swap_axes(copy, axis, last - 1);
    }
  }
  return esp_task_of_units(ESP_PICK(isa, esp_copy_run), copy, esp_copy_units(copy),
                           esp_copy_cost(copy));
}
