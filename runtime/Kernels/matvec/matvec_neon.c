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

// Loops stay loops: unrolled ones keep more in registers than there are.
#define ESP_N_OF_FOUR_UNROLL
typedef uint8x16_t esp_quad;
typedef uint32x4_t esp_codes;

static inline esp_quad esp_quad_at(const float *x) { return vreinterpretq_u8_f32(vld1q_f32(x)); }
static inline esp_codes esp_codes_at(const float *codes) {
  return vreinterpretq_u32_f32(vld1q_f32(codes));
}
static inline esp_codes esp_codes_next(esp_codes codes) { return vshrq_n_u32(codes, 2); }
/// A lane with code c takes bytes 4c ... 4c + 3.
static inline esp_vec esp_pick(esp_quad quad, esp_codes codes) {
  const uint32x4_t code = vandq_u32(codes, vdupq_n_u32(3));
  const uint32x4_t bytes = vmlaq_u32(vdupq_n_u32(0x03020100u), code, vdupq_n_u32(0x04040404u));
  return vreinterpretq_f32_u8(vqtbl1q_u8(quad, vreinterpretq_u8_u32(bytes)));
}

#include "matvec_body.h"

const esp_matvec_kernels esp_matvec_neon = ESP_MATVEC_TABLE;
#endif
