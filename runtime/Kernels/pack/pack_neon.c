// Packing on NEON: 4 x 4 transposes.
#include "esp_pack.h"

#if defined(__aarch64__)
#include "../math/esp_math_neon.h"

static inline void esp_transpose(esp_vec v[4]) {
  float64x2_t low = vreinterpretq_f64_f32(vtrn1q_f32(v[0], v[1]));
  float64x2_t high = vreinterpretq_f64_f32(vtrn2q_f32(v[0], v[1]));
  float64x2_t low2 = vreinterpretq_f64_f32(vtrn1q_f32(v[2], v[3]));
  float64x2_t high2 = vreinterpretq_f64_f32(vtrn2q_f32(v[2], v[3]));
  v[0] = vreinterpretq_f32_f64(vtrn1q_f64(low, low2));
  v[1] = vreinterpretq_f32_f64(vtrn1q_f64(high, high2));
  v[2] = vreinterpretq_f32_f64(vtrn2q_f64(low, low2));
  v[3] = vreinterpretq_f32_f64(vtrn2q_f64(high, high2));
}

static inline esp_vec esp_even(esp_vec a, esp_vec b) { return vuzp1q_f32(a, b); }

#include "pack_body.h"

const esp_pack_kernels esp_pack_neon = ESP_PACK_TABLE;
#endif
