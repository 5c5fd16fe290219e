// Vector primitives on NEON (aarch64): 4 floats. See esp_math_functions.h.
#ifndef ESP_MATH_NEON_H
#define ESP_MATH_NEON_H

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#define ESP_VEC_WIDTH 4
#define ESP_VEC_NAME(stem) stem##_neon
#define ESP_VEC_BEGIN
#define ESP_VEC_END

typedef float32x4_t esp_vec;
typedef uint32x4_t esp_mask;

static inline esp_vec esp_vec_load(const float *p) { return vld1q_f32(p); }
static inline void esp_vec_store(float *p, esp_vec v) { vst1q_f32(p, v); }
// NEON has no masked loads and stores: a tail is a pair and a single lane, at most. A loop over its
// lanes would become a call, and no sum survives one in a register.
static inline esp_vec esp_vec_load_first(const float *p, int n) {
  if (n >= 4) return vld1q_f32(p);
  float32x2_t low = vdup_n_f32(0), high = low;
  if (n >= 2) low = vld1_f32(p);
  if (n == 1) low = vld1_lane_f32(p, low, 0);
  if (n == 3) high = vld1_lane_f32(p + 2, high, 0);
  return vcombine_f32(low, high);
}
static inline void esp_vec_store_first(float *p, esp_vec v, int n) {
  if (n >= 4) vst1q_f32(p, v);
  if (n == 2 || n == 3) vst1_f32(p, vget_low_f32(v));
  if (n == 1) vst1q_lane_f32(p, v, 0);
  if (n == 3) vst1q_lane_f32(p + 2, v, 2);
}
static inline esp_vec esp_vec_set(float x) { return vdupq_n_f32(x); }
static inline esp_vec esp_vec_add(esp_vec a, esp_vec b) { return vaddq_f32(a, b); }
static inline esp_vec esp_vec_sub(esp_vec a, esp_vec b) { return vsubq_f32(a, b); }
static inline esp_vec esp_vec_mul(esp_vec a, esp_vec b) { return vmulq_f32(a, b); }
static inline esp_vec esp_vec_div(esp_vec a, esp_vec b) { return vdivq_f32(a, b); }
static inline esp_vec esp_vec_fma(esp_vec a, esp_vec b, esp_vec c) { return vfmaq_f32(c, a, b); }
static inline esp_vec esp_vec_max(esp_vec a, esp_vec b) { return vmaxq_f32(a, b); }
static inline esp_vec esp_vec_min(esp_vec a, esp_vec b) { return vminq_f32(a, b); }
static inline esp_vec esp_vec_sqrt(esp_vec a) { return vsqrtq_f32(a); }
static inline esp_vec esp_vec_abs(esp_vec a) { return vabsq_f32(a); }
static inline esp_vec esp_vec_neg(esp_vec a) { return vnegq_f32(a); }
static inline esp_vec esp_vec_copy_sign(esp_vec size, esp_vec sign) {
  return vbslq_f32(vdupq_n_u32(0x80000000u), sign, size);
}
static inline esp_vec esp_vec_round(esp_vec a) { return vrndnq_f32(a); }
static inline esp_vec esp_vec_floor(esp_vec a) { return vrndmq_f32(a); }
static inline esp_vec esp_vec_ceil(esp_vec a) { return vrndpq_f32(a); }
static inline esp_mask esp_vec_less(esp_vec a, esp_vec b) { return vcltq_f32(a, b); }
static inline esp_mask esp_vec_less_equal(esp_vec a, esp_vec b) { return vcleq_f32(a, b); }
static inline esp_mask esp_vec_equal(esp_vec a, esp_vec b) { return vceqq_f32(a, b); }
static inline esp_vec esp_vec_select(esp_mask m, esp_vec a, esp_vec b) {
  return vbslq_f32(m, a, b);
}
static inline float esp_vec_sum(esp_vec a) { return vaddvq_f32(a); }
static inline float esp_vec_maximum(esp_vec a) { return vmaxvq_f32(a); }
static inline esp_vec esp_vec_scale(esp_vec v, esp_vec n) {
  int32x4_t whole = vcvtq_s32_f32(n), half = vshrq_n_s32(whole, 1);
  int32x4_t bias = vdupq_n_s32(127), rest = vsubq_s32(whole, half);
  esp_vec a = vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(half, bias), 23));
  esp_vec b = vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(rest, bias), 23));
  return vmulq_f32(vmulq_f32(v, a), b);
}
static inline esp_vec esp_vec_exponent(esp_vec a) {
  uint32x4_t bits = vshrq_n_u32(vshlq_n_u32(vreinterpretq_u32_f32(a), 1), 24);
  return vcvtq_f32_s32(vsubq_s32(vreinterpretq_s32_u32(bits), vdupq_n_s32(127)));
}
static inline esp_vec esp_vec_mantissa(esp_vec a) {
  uint32x4_t bits = vandq_u32(vreinterpretq_u32_f32(a), vdupq_n_u32(0x7FFFFFu));
  return vreinterpretq_f32_u32(vorrq_u32(bits, vdupq_n_u32(0x3F800000u)));
}

#include "esp_math_functions.h"

#endif
