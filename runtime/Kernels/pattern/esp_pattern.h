// Micro-kernel of pattern groups: two rows of a panel, one block of columns, one packed tile.
//
// The file groups a panel's columns by which of its 4 rows hold values: 15 groups. Run as 15 loops,
// every end of a loop is a branch that the processor guesses wrong, which measured a third of the
// time. So the plan regroups them for each pair of rows into three: columns of the upper row alone,
// of the lower row alone, of both. Values stay where they are in the file; an entry says where.
#ifndef ESP_PATTERN_H
#define ESP_PATTERN_H

#include <stddef.h>
#include <stdint.h>

typedef struct esp_pattern_call {
  /// The values of the panel and block.
  const float *weights;
  /// counts[0] entries for row 0 alone, counts[1] for row 1 alone, counts[2] for both. An entry's
  /// low half is the place of the column in the tile, its high half that of the value (or of row
  /// 0's, with row 1's right behind) in weights.
  const uint32_t *entries;
  const int32_t *counts;
  const float *x;
  /// As in esp_panel_call: [2][partial_step].
  float *partial;
  ptrdiff_t partial_step;
  int32_t first, last;
  int32_t rows, columns;
  const float *start;
  float *y;
  ptrdiff_t y_stride;
  const float *residual;
  float low, high;
} esp_pattern_call;

typedef void (*esp_pattern_function)(const esp_pattern_call *);

enum { ESP_PATTERN_MAX_VECTORS = 8 };

typedef struct esp_pattern_kernels {
  int32_t vectors;
  esp_pattern_function run[ESP_PATTERN_MAX_VECTORS + 1];
} esp_pattern_kernels;

#endif
