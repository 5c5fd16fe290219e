// All micro-kernels of one instruction set. Families are only named here: a driver includes the
// headers of those it calls, and choice/, which stands above all families, fills the table.
#ifndef ESP_KERNEL_SET_H
#define ESP_KERNEL_SET_H

#include <stdint.h>

typedef struct esp_kernel_set {
  /// Floats in a vector.
  int32_t width;
  const struct esp_panel_kernels *panel;
  const struct esp_pattern_kernels *pattern;
  const struct esp_pair_kernels *pair;
  const struct esp_pack_kernels *pack;
  const struct esp_matvec_kernels *matvec;
  const struct esp_depthwise_kernels *depthwise;
  const struct esp_feature_kernels *feature;
  /// For tiles of 2 x 2 and of 4 x 4 pixels.
  const struct esp_winograd_kernels *winograd;
} esp_kernel_set;

#endif
