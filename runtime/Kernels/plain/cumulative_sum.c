#include "plain.h"

// Each column is one running sum or product, in the wider type so that long f32 sums stay accurate.
#define ESP_COLUMN(T, W)                                                   \
  {                                                                        \
    const T *x = (const T *)sum->x + start;                                \
    T *y = (T *)sum->y + start;                                            \
    W total = sum->product ? 1 : 0;                                        \
    for (int64_t j = 0; j < sum->extent; j++) {                            \
      int64_t at = (sum->reverse ? sum->extent - 1 - j : j) * sum->inner;  \
      W next = sum->product ? total * (W)x[at] : total + (W)x[at];         \
      y[at] = (T)(sum->exclusive ? total : next);                          \
      total = next;                                                        \
    }                                                                      \
    break;                                                                 \
  }

static void run(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)worker;
  const esp_cumulative_sum *sum = arguments;
  esp_range columns = esp_units(first, last, sum->outer * sum->inner, sum->extent);
  for (int64_t at = columns.first; at < columns.last; at++) {
    int64_t start = at / sum->inner * sum->extent * sum->inner + at % sum->inner;
    switch (sum->type) {
      case ESP_F32: ESP_COLUMN(float, double)
      case ESP_I32: ESP_COLUMN(int32_t, uint32_t)
      case ESP_I64: ESP_COLUMN(int64_t, uint64_t)
      case ESP_I8: ESP_COLUMN(int8_t, uint32_t)
      case ESP_U8: case ESP_BOOL: ESP_COLUMN(uint8_t, uint32_t)
    }
  }
}

esp_task esp_cumulative_sum_task(esp_cumulative_sum *sum, esp_isa isa) {
  (void)isa;
  int64_t columns = sum->extent == 0 ? 0 : sum->outer * sum->inner;
  return esp_task_of_units(run, sum, columns, sum->extent);
}
