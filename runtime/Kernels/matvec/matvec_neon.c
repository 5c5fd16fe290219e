// Matrix times vector on NEON.
#include "esp_matvec.h"

#if defined(__aarch64__)
#include "../math/esp_math_neon.h"

static inline esp_vec esp_gather(const float *x, const uint32_t *indices) {
  esp_vec v = vdupq_n_f32(x[indices[0]]);
  v = vld1q_lane_f32(x + indices[1], v, 1);
  v = vld1q_lane_f32(x + indices[2], v, 2);
  return vld1q_lane_f32(x + indices[3], v, 3);
}

#include "matvec_body.h"

const esp_matvec_kernels esp_matvec_neon = ESP_MATVEC_TABLE;
#endif
