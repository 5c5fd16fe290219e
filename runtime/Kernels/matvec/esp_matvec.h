// Matrix times one vector: rows in lanes, weights streamed once. Memory sets the pace, so several
// panels or several columns are in flight at a time.
#ifndef ESP_MATVEC_H
#define ESP_MATVEC_H

#include <stddef.h>
#include <stdint.h>

/// sums[p * height + i] = sum over k < count of weights[p * panel_stride + k * height + i] *
/// x[columns ? columns[k] : k], p < panels.
typedef struct esp_matvec_call {
  const float *weights;
  ptrdiff_t panel_stride;
  const uint32_t *columns;
  int32_t count, panels;
  const float *x;
  float *sums;
} esp_matvec_call;

/// sums[t * 16 + i] = sum over columns of row i of a panel of ESP_PACKING_N_OF_FOUR * x[t * x_stride +
/// k].
typedef struct esp_n_of_four_call {
  const float *values;
  int32_t columns;
  const float *x;
  ptrdiff_t x_stride;
  float *sums;
} esp_n_of_four_call;

typedef struct esp_matvec_kernels {
  /// For panels of 1, 2, 4, 8 rows.
  void (*panels[4])(const esp_matvec_call *);
  /// sums[i] = sum over k < count of values[k * 16 + i] * x[columns[k * 16 + i]], i < 16.
  void (*sliced_ellpack)(const float *values, const uint32_t *columns, int32_t count, const float *x,
               float *sums);
  /// For 1 ... 4 columns stored of each four; for one or two vectors x at a time.
  void (*n_of_four[4][2])(const esp_n_of_four_call *);
  /// sums[i] = sum over k < columns of element (i, k) of a panel of ESP_PACKING_BITMAP * x[k], i < 16;
  /// bit i of masks[k] says whether it is among the values. Reads up to 16 values behind the last.
  void (*bitmap)(const float *values, const uint16_t *masks, int32_t columns, const float *x,
                 float *sums);
} esp_matvec_kernels;

#endif
