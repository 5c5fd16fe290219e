// A prepared depthwise convolution, and what runs parts of it: a whole one, or one fused behind the
// convolution that computes its input.
#ifndef ESP_PREPARED_DEPTHWISE_H
#define ESP_PREPARED_DEPTHWISE_H

#include "../isa/esp_kernel_set.h"
#include "esp_contraction.h"
#include "esp_depthwise.h"

/// Taps of the largest kernel that `flat` takes.
enum { ESP_DEPTHWISE_TAPS = 49 };

typedef struct esp_prepared_depthwise {
  esp_convolution c;
  const esp_kernel_set *set;
  esp_depthwise_layout layout;
  esp_depthwise_function run;
  /// Output rows of a band, and the floats of it; behind the bands lie the sums of a flat one.
  int32_t band;
  size_t band_floats;
  /// Planes that are filled before the first of them is read: what was just written in narrow rows
  /// is slow to read in whole vectors.
  int32_t together;
  float low, high;
  int32_t activates;
  int32_t taps[ESP_DEPTHWISE_TAPS];
} esp_prepared_depthwise;

esp_prepared_depthwise esp_prepared_depthwise_of(const esp_convolution *, const esp_kernel_set *);

/// Bytes of a worker's scratch that one call of esp_depthwise_rows needs.
size_t esp_depthwise_scratch(const esp_prepared_depthwise *);

/// Makes scratch ready for any number of calls of esp_depthwise_rows.
void esp_depthwise_clear(const esp_prepared_depthwise *, float *scratch);

/// Input rows that output rows first ..< last meet: *begin ..< *end, within the input.
void esp_depthwise_input_rows(const esp_prepared_depthwise *, int32_t first, int32_t last,
                              int32_t *begin, int32_t *end);

/// Where the first plane's row `row` begins, and how far the next plane is.
typedef struct esp_depthwise_source {
  const float *plane;
  int64_t stride;
  int32_t row;
} esp_depthwise_source;

/// Output rows first ..< last of `planes` output channels from number `plane` on, counted over all
/// images, of the input channels from that of `plane` on.
void esp_depthwise_rows(const esp_prepared_depthwise *, int64_t plane, int32_t planes,
                        int32_t first, int32_t last, const esp_depthwise_source *, float *scratch);

esp_requirements esp_depthwise_requirements(const esp_convolution *, const esp_kernel_set *);
int esp_depthwise_prepare(const esp_convolution *, const esp_kernel_set *, void *memory,
                          esp_task tasks[2], const char **kernel);

#endif
