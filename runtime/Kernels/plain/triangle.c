#include "plain.h"

static void run(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)worker;
  const esp_triangle *triangle = arguments;
  int64_t columns = triangle->columns;
  size_t size = (size_t)triangle->element_size;
  esp_range rows = esp_units(first, last, triangle->matrices * triangle->rows, columns);
  for (int64_t at = rows.first; at < rows.last; at++) {
    int64_t row = at % triangle->rows, k = triangle->k;
    // Kept columns: begin ..< end. k may be any integer, so compare before adding.
    int64_t begin = 0, end = columns;
    if (triangle->upper) {
      begin = k <= -row ? 0 : k >= columns - row ? columns : row + k;
    } else {
      end = k < -row ? 0 : k >= columns - row - 1 ? columns : row + k + 1;
    }
    uint8_t *y = (uint8_t *)triangle->y + (size_t)(at * columns) * size;
    const uint8_t *x = (const uint8_t *)triangle->x + (size_t)(at * columns) * size;
    memset(y, 0, (size_t)begin * size);
    if (x != y) {
      memcpy(y + (size_t)begin * size, x + (size_t)begin * size, (size_t)(end - begin) * size);
    }
    memset(y + (size_t)end * size, 0, (size_t)(columns - end) * size);
  }
}

esp_task esp_triangle_task(esp_triangle *triangle, esp_isa isa) {
  (void)isa;
  int64_t rows = triangle->columns == 0 ? 0 : triangle->matrices * triangle->rows;
  return esp_task_of_units(run, triangle, rows, triangle->columns);
}
