// A prepared convolution.
#ifndef ESP_CONVOLUTION_PLAN_H
#define ESP_CONVOLUTION_PLAN_H

#include "esp_taps.h"
#include "esp_weight_plan.h"

typedef struct esp_convolution_plan {
  esp_convolution c;
  esp_weight_plan weight;
  /// Whether columns are the input's own pixels; whether tiles are packed before use, and that pixel
  /// by pixel from the input itself, or each tap by a shift.
  int32_t plain, packs, gathers, shifts;
  /// Whether the next tile's part of the source is fetched ahead, and of the output.
  int32_t fetches, far_output;
  /// Where each column of a group begins, in floats from the group's part of the source.
  int32_t *column_offsets;
  /// The input, or copies of it, shifted or phases: `copies` planes for each channel.
  const float *source;
  /// Rows and pixels of one such plane.
  int32_t rows;
  int64_t plane, copies, source_image, source_group;
  /// Panels of one work item, and such chunks in a group.
  int32_t chunk, chunks;
  /// Scratch: a packed tile, then sums between blocks.
  size_t tile_floats, worker_bytes, shared_bytes;
} esp_convolution_plan;

esp_requirements esp_depthwise_requirements(const esp_convolution *, esp_isa);
int esp_depthwise_prepare(const esp_convolution *, esp_isa, void *memory, esp_task tasks[2],
                          const char **kernel);

esp_requirements esp_winograd_requirements(const esp_convolution *, esp_isa);
int esp_winograd_prepare(const esp_convolution *, esp_isa, void *memory, void *shared,
                         esp_task tasks[2], const char **kernel);

#endif
