// Feature micro-kernels on NEON: 12 tokens by the 2 vectors of one panel are 24 sums of 32
// registers. Tokens are loaded four at a time and multiplied by lane.
#include "esp_feature.h"

#if defined(__aarch64__)
#include "../math/esp_math_neon.h"

#define ESP_FEATURE_ROW 12
#define ESP_FEATURE_VECTOR(w, j) vld1q_f32((w)[0] + 4 * (j))
// Multiplying by lane needs no broadcast, which would take a slot of the multiplying units.
#define ESP_FEATURE_LOAD(x, T)                     \
  float32x4_t four[3];                             \
  four[0] = vld1q_f32(x);                          \
  if (T > 4) four[1] = vld1q_f32((x) + 4);         \
  if (T > 8) four[2] = vld1q_f32((x) + 8);
#define ESP_FEATURE_TOKEN(x, t) vdupq_n_f32(four[(t) / 4][(t) % 4])

#include "feature_body.h"

ESP_FEATURE_KERNEL(1, 2, 1)
ESP_FEATURE_KERNEL(2, 2, 1)
ESP_FEATURE_KERNEL(3, 2, 1)
ESP_FEATURE_KERNEL(4, 2, 1)
ESP_FEATURE_KERNEL(5, 2, 1)
ESP_FEATURE_KERNEL(6, 2, 1)
ESP_FEATURE_KERNEL(7, 2, 1)
ESP_FEATURE_KERNEL(8, 2, 1)
ESP_FEATURE_KERNEL(9, 2, 1)
ESP_FEATURE_KERNEL(10, 2, 1)
ESP_FEATURE_KERNEL(11, 2, 1)
ESP_FEATURE_KERNEL(12, 2, 1)

const esp_feature_kernels esp_feature_neon = {
    .tokens = 12, .panels = 1,
    .run = {0, ESP_FEATURE_NAME(1, 1), ESP_FEATURE_NAME(2, 1), ESP_FEATURE_NAME(3, 1),
            ESP_FEATURE_NAME(4, 1), ESP_FEATURE_NAME(5, 1), ESP_FEATURE_NAME(6, 1),
            ESP_FEATURE_NAME(7, 1), ESP_FEATURE_NAME(8, 1), ESP_FEATURE_NAME(9, 1),
            ESP_FEATURE_NAME(10, 1), ESP_FEATURE_NAME(11, 1), ESP_FEATURE_NAME(12, 1)},
    .soften = esp_soften_neon};
#endif
