// Packed weights: how the model file stores the matrix of a convolution or linear layer.
//
// A weight is a matrix of `rows` output channels by `columns` inputs per group: column
// (ic * kernel_h + y) * kernel_w + x for a convolution in ONNX's OIHW order. Rows are cut, group by
// group, into panels of `panel_height` consecutive rows; a group's last panel may be short and is
// filled with zero rows. `rows` counts all groups; each group has rows/groups.
//
// ESP_PACKING_PANELS   values: for each panel, for each entry of its list, panel_height floats.
//   Dense has no lists: every panel has entries 0 ..< columns. Otherwise lists are shared by
//   `panels_per_list` consecutive panels of a group (a group's last list may serve fewer), list l has
//   counts[l] entries; `column` holds all lists one behind the other, strictly increasing in each.
//   Values of panels that share a list follow each other panel by panel.
// ESP_PACKING_PATTERN_GROUPS   panels of 4 rows; columns cut into blocks of `column_block` (the last
//   may be short). For each group, for each column block, for each panel: 15 counts, one for each
//   non-empty set of the 4 rows (bit r = row r; sets 1 ... 15 in this order), then for each set its
//   columns relative to the block, increasing. `stream` is these u16 numbers one behind the other.
//   values: in the same order, for each column of set s, popcount(s) floats, lowest row first.
// ESP_PACKING_ROWS   (sparse matrix-vector) panels of 16 rows; counts[p] is the largest number of
//   non-zeros of a row of panel p; values [counts[p]][16] and column [counts[p]][16]; a row with fewer
//   is filled with value 0 and column 0.
// ESP_PACKING_DEPTHWISE   rows = channels * multiplier, columns = kernel_h * kernel_w, groups =
//   channels: values [rows][columns] as ONNX has them.
// ESP_PACKING_WINOGRAD_2, _4   3 x 3 convolutions without stride, dilation or groups, transformed for
//   tiles of M = 2 or 4 outputs each way: U = G w G^T has N x N positions, N = M + 2. Panels of 8
//   rows; rows are cut into strips of 32 (the last may be short). values: for each strip, for each
//   position (row by row of U), for each panel of the strip, for each input channel: 8 floats.
//   A NaN or infinity in the input reaches all outputs of the tiles that read it, not just its 3 x 3.
// ESP_PACKING_ROW_PAIRS   rows are taken two and two, columns cut into blocks of `column_block` (the
//   last may be short), rows of a group into bands of panels_per_list pairs (the last may have fewer).
//   For each group, for each block, for each pair, band behind band: 4 numbers, row 0, row 1, alone,
//   shared; rows count within the band, and each stands in one of its pairs (where a group has an odd
//   number of rows, its last pair takes in one row behind the end, which stores nothing). Then
//   columns [alone][2], those that a row has for itself, and columns [shared], those that both have;
//   relative to the block, in any order. alone is even and shared a multiple of 4. `stream` is these
//   u16 numbers one behind the other. values [alone + shared][2] in the same order; what fills up
//   `alone` has value 0.
// ESP_PACKING_QUADS   (sparse matrix-vector) panels of 16 rows; columns are taken four and four. Each row
//   of panel p stores counts[p] = N of every four columns, 1 ... 4; a row with fewer is filled with
//   value 0 and any column. For each panel, for each block of 16 / N fours (rounded down; the last may
//   be short): 16 words of 32 bits, one per row, bits 2i and 2i + 1 numbering the column within its
//   four of what the row stores as its i-th in the block; then for each four of columns values [N][16].
//   All in `values`. Inputs behind the last column count as zero.
#ifndef ESP_WEIGHT_H
#define ESP_WEIGHT_H

#include <stddef.h>
#include <stdint.h>

typedef enum esp_packing {
  ESP_PACKING_PANELS = 0,
  ESP_PACKING_PATTERN_GROUPS = 1,
  ESP_PACKING_ROWS = 2,
  ESP_PACKING_DEPTHWISE = 3,
  ESP_PACKING_WINOGRAD_2 = 4,
  ESP_PACKING_WINOGRAD_4 = 5,
  ESP_PACKING_ROW_PAIRS = 6,
  ESP_PACKING_QUADS = 7,
} esp_packing;

static inline int esp_is_winograd(esp_packing packing) {
  return packing == ESP_PACKING_WINOGRAD_2 || packing == ESP_PACKING_WINOGRAD_4;
}

/// Rows of a strip of a Winograd weight.
enum { ESP_WINOGRAD_STRIP = 32 };

typedef struct esp_weight {
  esp_packing packing;
  int32_t rows, columns, groups;
  /// 1, 2, 4 or 8 for panels; 4 for pattern groups; 2 for row pairs; 16 for rows and quads; 8
  /// for Winograd.
  int32_t panel_height;
  int32_t panels_per_list;
  int32_t column_block;
  /// 64-byte-aligned; in the mapped file.
  const float *values;
  size_t value_count;
  /// Private, checked copies; null where the packing has none (dense panels: counts == NULL).
  const uint32_t *counts;
  size_t count_count;
  const uint32_t *column;
  size_t column_count;
  const uint16_t *stream;
  size_t stream_count;
} esp_weight;

#endif
