// Depthwise convolution of one padded plane by one filter.
#ifndef ESP_DEPTHWISE_H
#define ESP_DEPTHWISE_H

#include <stddef.h>
#include <stdint.h>

/// The padded plane's row i starts at plane + i * pitch and holds stride_w parts, each `part`
/// floats long: part q holds columns q, q + stride_w, ... so that neighbours in the output are
/// neighbours here. Whole vectors are read: the last row needs a vector's room behind it.
typedef struct esp_depthwise_call {
  const float *plane;
  ptrdiff_t pitch, part;
  int32_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
  int32_t out_h, out_w;
  const float *weights;
  float start;
  float *y;
  const float *residual;
  float low, high;
} esp_depthwise_call;

typedef void (*esp_depthwise_function)(const esp_depthwise_call *);

typedef struct esp_depthwise_kernels {
  esp_depthwise_function any, three, three_by_two, five, five_by_two;
} esp_depthwise_kernels;

#endif
