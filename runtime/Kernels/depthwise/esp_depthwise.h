// Depthwise convolution of one plane by one filter, a band of output rows at a time.
#ifndef ESP_DEPTHWISE_H
#define ESP_DEPTHWISE_H

#include <stddef.h>
#include <stdint.h>

/// A band of padded rows, cut into phases so that neighbours in the output are neighbours here:
/// row i, column x is at (i % stride_h) * row_phase + (i / stride_h) * pitch
/// + (x % stride_w) * column_phase + x / stride_w. Rows follow each other closely: the zeros behind
/// one row's pixels may be those in front of the next.
typedef struct esp_depthwise_layout {
  ptrdiff_t pitch, column_phase, row_phase;
  int32_t stride_h, stride_w;
  /// Zeros in front of a row, and how many of the input's columns any tap meets.
  int32_t left, columns;
  /// Phases that taps meet: no more than the kernel is high and wide.
  int32_t row_phases, column_phases;
} esp_depthwise_layout;

/// Where the tap `down` rows and `right` columns from the first reads for output (0, 0).
static inline ptrdiff_t esp_depthwise_tap(const esp_depthwise_layout *l, int32_t down,
                                          int32_t right) {
  return down % l->stride_h * l->row_phase + down / l->stride_h * l->pitch +
         right % l->stride_w * l->column_phase + right / l->stride_w;
}

/// band row i = the input's row `top` + i, of which `from` has rows first ..< last; rows outside are
/// zeroed where `zeroes`, and else left. Zeros in front of the pixels are left as they are.
typedef struct esp_depthwise_fill {
  const esp_depthwise_layout *layout;
  const float *from;
  ptrdiff_t from_pitch;
  int32_t top, rows, first, last, zeroes;
  float *band;
} esp_depthwise_fill;

/// Whole vectors are read: the band needs room for four of them behind it.
typedef struct esp_depthwise_call {
  const esp_depthwise_layout *layout;
  const float *band;
  int32_t kernel_h, kernel_w, dilation_h, dilation_w;
  int32_t rows, columns;
  const float *weights;
  float start;
  float *y;
  const float *residual;
  float low, high;
  /// Where each tap reads, and room for all rows at the band's pitch; only for `flat`.
  const int32_t *taps;
  float *sums;
} esp_depthwise_call;

typedef void (*esp_depthwise_function)(const esp_depthwise_call *);

/// `any` takes every shape; `flat` treats the band's rows as one, for planes that are narrower than
/// a vector; the others take square kernels of 3 and 5 without dilation, by stride.
typedef struct esp_depthwise_kernels {
  int32_t width;
  void (*fill)(const esp_depthwise_fill *);
  esp_depthwise_function any, flat, three, three_by_two, five, five_by_two;
} esp_depthwise_kernels;

#endif
