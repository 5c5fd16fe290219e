// Micro-kernel of row pairs: a band of rows, two at a time, one block of columns, one packed tile.
//
// Columns that one row of a pair has for itself are listed row by row, side by side, as many for
// each; columns that both have are listed once, and what is loaded for them serves both rows. Two
// loops, whose lengths hardly change from pair to pair, are all there is to predict.
#ifndef ESP_PAIR_H
#define ESP_PAIR_H

#include <stddef.h>
#include <stdint.h>

typedef struct esp_pair_call {
  /// For each pair [alone + shared][2], one for each row.
  const float *weights;
  /// For each pair: row 0, row 1, alone, shared, columns [alone][2], columns [shared]; columns as
  /// offsets into x, in vectors. alone and shared are even, and kernels take four numbers at a
  /// time; they read four more behind the last.
  const uint16_t *stream;
  int32_t pairs;
  const float *x;
  /// Where each row's sums wait between blocks: [rows][partial_stride]. They come from there unless
  /// `first`, and go there, with nothing else done to them, unless `last`.
  float *partial;
  ptrdiff_t partial_stride;
  int32_t first, last;
  /// Rows to store, of which the band has one more where they are odd; pixels or tokens to store.
  int32_t rows, columns;
  /// One per row, also for one that is not stored.
  const float *start;
  float *y;
  ptrdiff_t y_stride;
  /// Laid out as y, or null.
  const float *residual;
  float low, high;
} esp_pair_call;

typedef void (*esp_pair_function)(const esp_pair_call *);

enum { ESP_PAIR_MAX_VECTORS = 8 };

typedef struct esp_pair_kernels {
  /// Most vectors of a tile.
  int32_t vectors;
  /// run[n] takes n vectors.
  esp_pair_function run[ESP_PAIR_MAX_VECTORS + 1];
} esp_pair_kernels;

#endif
