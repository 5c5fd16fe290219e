// The micro-kernel of every contraction: a few rows of weights times one tile of columns.
//
//   y[i][j] = clip(start[i] + residual[i][j] +
//                  sum over k < count of weights[k * weight_stride + i] * x[offsets[k] + j],
//                  low, high)        i < rows, j < columns
//
// Columns (pixels, tokens) lie in vector lanes, the rows' sums stay in registers, and each weight
// is broadcast. The offsets say where the values of list entry k begin: in a packed tile, in planes
// of the tensor itself, or in shifted copies of planes. Dense weights are the list of all columns.
#ifndef ESP_PANEL_H
#define ESP_PANEL_H

#include <stddef.h>
#include <stdint.h>

typedef struct esp_panel_call {
  const float *weights;
  ptrdiff_t weight_stride;
  const float *x;
  const int32_t *offsets;
  int32_t count;
  /// Rows and columns to store; at most what the kernel is made for.
  int32_t rows, columns;
  /// One per row of the kernel, also for rows that are not stored.
  const float *start;
  /// Where sums wait between blocks of columns: [rows of the kernel][partial_stride]. They come
  /// from there unless `first`, and go back there, with nothing else done to them, unless `last`.
  float *partial;
  ptrdiff_t partial_stride;
  int32_t first, last;
  float *y;
  ptrdiff_t y_stride;
  /// Laid out as y, or null.
  const float *residual;
  float low, high;
  /// Whether whole vectors may be read where the last one has fewer columns.
  int32_t padded;
} esp_panel_call;

typedef void (*esp_panel_function)(const esp_panel_call *);

enum { ESP_PANEL_MAX_VECTORS = 6, ESP_PANEL_WHOLE = 3 };

/// The kernels for one panel height.
typedef struct esp_panel_shape {
  /// Rows of one call; a panel of 8 takes two calls where this is 4.
  int32_t rows;
  /// Most vectors of columns one call takes.
  int32_t vectors;
  /// run[n] takes n vectors of columns, 1 ... vectors.
  esp_panel_function run[ESP_PANEL_MAX_VECTORS + 1];
  /// Takes ESP_PANEL_WHOLE vectors and one column more, or null: 7 x 7 maps have 3 * 16 + 1 pixels.
  esp_panel_function one_more;
} esp_panel_shape;

/// The kernel for a tile of so many columns.
static inline esp_panel_function esp_panel_for(const esp_panel_shape *shape, int32_t columns,
                                               int32_t width) {
  if (shape->one_more && columns == ESP_PANEL_WHOLE * width + 1) return shape->one_more;
  return shape->run[(columns + width - 1) / width];
}

typedef struct esp_panel_kernels {
  /// For panels of 1, 2, 4, 8 rows.
  esp_panel_shape shape[4];
  /// Whether kernels read exactly `columns` columns unless `padded`. Otherwise they always read
  /// whole vectors.
  int32_t reads_exactly;
} esp_panel_kernels;

#endif
