// Winograd's transforms for 3 x 3 convolutions: F(2 x 2) and F(4 x 4), of tiles of M = 2 or 4
// output pixels each way that need N = M + 2 input pixels.
//
//   output tile = A^T [(G w G^T) * (B^T x B)] A      * element by element, summed over channels
//
// The points are 0, 1, -1 and infinity for M = 2; for M = 4 they are 0, +-3/4, +-3/2 and infinity,
// whose numbers are exact in binary and lose a quarter of what +-1, +-2 lose to rounding.
// Transforms go one axis at a time. Those of the input and of the products: along columns with
// neighbouring pixels in lanes, along rows with neighbouring tiles in lanes. G w G^T is made once, when
// a model is loaded, with the rows of a panel in lanes.
#ifndef ESP_WINOGRAD_H
#define ESP_WINOGRAD_H

#include <stddef.h>
#include <stdint.h>

/// Rows of a panel of a transformed weight.
enum { ESP_WINOGRAD_HEIGHT = 8 };

/// B^T x B of a run of tiles in one row of tiles, of one channel.
typedef struct esp_winograd_input {
  /// The channel's plane, and where in it the first tile begins: outside it stand zeros.
  const float *plane;
  int32_t in_h, in_w;
  int64_t top, left;
  int32_t tiles;
  /// Scratch of N lines, `pitch` floats each: at least M for each tile and two vectors of tiles.
  float *lines;
  ptrdiff_t pitch;
  /// Position p of tile t goes to v[p * v_stride + t].
  float *v;
  ptrdiff_t v_stride;
  /// Whether nothing may be written behind the last tile; else it may be up to a vector.
  int32_t exact;
} esp_winograd_input;

/// z[i][M t + k]: the sums of tile t, transformed along its rows; i < N. Written in whole vectors.
typedef struct esp_winograd_rows {
  /// Position p of tile t is m[p * m_stride + t].
  const float *m;
  ptrdiff_t m_stride;
  int32_t tiles;
  float *z;
  ptrdiff_t pitch;
} esp_winograd_rows;

/// y[k][j] = clip(start + residual[k][j] + z transformed along column j, low, high), k < rows <= M.
typedef struct esp_winograd_output {
  const float *z;
  ptrdiff_t pitch;
  int32_t rows, columns;
  float start;
  float *y;
  ptrdiff_t y_stride;
  /// Laid out as y, or null.
  const float *residual;
  float low, high;
} esp_winograd_output;

/// G w G^T of the rows of one panel, at most ESP_WINOGRAD_HEIGHT; lanes beyond them are zeros.
///
/// In double precision, each number rounded once: first along columns of taps, then along rows, each sum
/// from zero in the order of the taps, without those that G multiplies by zero.
typedef struct esp_winograd_weight {
  /// Of each row 9 for each channel, rows `row_stride` floats apart.
  const float *taps;
  ptrdiff_t row_stride;
  int32_t rows, channels;
  /// Position p of channel c and row r goes to u[p * u_stride + ESP_WINOGRAD_HEIGHT * c + r].
  float *u;
  ptrdiff_t u_stride;
} esp_winograd_weight;

typedef struct esp_winograd_kernels {
  void (*weight)(const esp_winograd_weight *);
  void (*input)(const esp_winograd_input *);
  void (*rows)(const esp_winograd_rows *);
  void (*output)(const esp_winograd_output *);
} esp_winograd_kernels;

#endif
