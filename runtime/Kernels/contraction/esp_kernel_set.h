// All micro-kernels of one instruction set: what the drivers in contraction/ and product/ call.
#ifndef ESP_KERNEL_SET_H
#define ESP_KERNEL_SET_H

#include "../depthwise/esp_depthwise.h"
#include "../feature/esp_feature.h"
#include "../matvec/esp_matvec.h"
#include "../pack/esp_pack.h"
#include "../pair/esp_pair.h"
#include "../panel/esp_panel.h"
#include "../pattern/esp_pattern.h"
#include "../winograd/esp_winograd.h"
#include "esp_task.h"

typedef struct esp_kernel_set {
  /// Floats in a vector.
  int32_t width;
  const esp_panel_kernels *panel;
  const esp_pattern_kernels *pattern;
  const esp_pair_kernels *pair;
  const esp_pack_kernels *pack;
  const esp_matvec_kernels *matvec;
  const esp_depthwise_kernels *depthwise;
  const esp_feature_kernels *feature;
  /// For tiles of 2 x 2 and of 4 x 4 pixels.
  const esp_winograd_kernels *winograd;
} esp_kernel_set;

/// The kernels of an instruction set this build has, or the scalar ones.
const esp_kernel_set *esp_kernel_set_for(esp_isa isa);

#endif
