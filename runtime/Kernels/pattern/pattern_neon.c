// Pattern-group micro-kernels on NEON: 4 rows by up to 6 vectors.
#include "esp_pattern.h"

#if defined(__aarch64__)
#include "../math/esp_math_neon.h"

// Multiplying by lane needs no broadcast, which would take a slot of the multiplying units. The
// third of three weights comes by itself, so that nothing behind them is read.
#define ESP_PATTERN_WEIGHTS(n)                                                    \
  float32x4_t four, third;                                                        \
  if ((n) == 4) four = vld1q_f32(w);                                              \
  if ((n) == 2 || (n) == 3) four = vcombine_f32(vld1_f32(w), vdup_n_f32(0));      \
  if ((n) == 1) four = (float32x4_t){w[0]};                                       \
  if ((n) == 3) third = (float32x4_t){w[2]};
#define ESP_PATTERN_WEIGHT(i, n) \
  vdupq_n_f32((n) == 3 && (i) == 2 ? third[0] : four[i])

ESP_VEC_BEGIN
#include "pattern_body.h"

ESP_PATTERN_KERNEL(1)
ESP_PATTERN_KERNEL(2)
ESP_PATTERN_KERNEL(3)
ESP_PATTERN_KERNEL(4)
ESP_PATTERN_KERNEL(5)
ESP_PATTERN_KERNEL(6)
ESP_VEC_END

const esp_pattern_kernels esp_pattern_neon = {
    .vectors = 6,
    .run =
        {0, esp_pattern_1_neon, esp_pattern_2_neon, esp_pattern_3_neon,
         esp_pattern_4_neon, esp_pattern_5_neon, esp_pattern_6_neon},
};
#endif
