// Micro-kernel of pattern groups: one panel of 4 rows, one block of columns, one packed tile.
//
// The panel's columns are grouped by which of the 4 rows they hold values for, so each of the 15
// groups is a loop without decisions: load the tile's row, multiply it into exactly those sums.
#ifndef ESP_PATTERN_H
#define ESP_PATTERN_H

#include <stddef.h>
#include <stdint.h>

typedef struct esp_pattern_call {
  const float *weights;
  /// 15 counts, then that many offsets into x, group behind group.
  const int32_t *stream;
  const float *x;
  /// Where the panel's sums wait between blocks: [4][partial_stride]. Read unless `first`, written
  /// unless `last`; the last block's result goes to y.
  float *partial;
  ptrdiff_t partial_stride;
  int32_t first, last;
  int32_t rows, columns;
  const float *start;
  float *y;
  ptrdiff_t y_stride;
  const float *residual;
  float low, high;
} esp_pattern_call;

typedef void (*esp_pattern_function)(const esp_pattern_call *);

enum { ESP_PATTERN_MAX_VECTORS = 6 };

typedef struct esp_pattern_kernels {
  int32_t vectors;
  esp_pattern_function run[ESP_PATTERN_MAX_VECTORS + 1];
} esp_pattern_kernels;

#endif
