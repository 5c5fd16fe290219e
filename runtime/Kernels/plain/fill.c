#include "plain.h"

static void run(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)worker;
  const esp_fill *fill = arguments;
  esp_range range = esp_units(first, last, fill->count, 1);
  switch (fill->element_size) {
    case 1:
      memset((uint8_t *)fill->y + range.first, (int)(fill->bits & 0xff),
             (size_t)(range.last - range.first));
      break;
    case 4:
      for (int64_t i = range.first; i < range.last; i++) {
        ((uint32_t *)fill->y)[i] = (uint32_t)fill->bits;
      }
      break;
    default:
      for (int64_t i = range.first; i < range.last; i++) ((uint64_t *)fill->y)[i] = fill->bits;
      break;
  }
}

esp_task esp_fill_task(esp_fill *fill, esp_isa isa) {
  (void)isa;
  return esp_task_of_units(run, fill, fill->count, 1);
}
