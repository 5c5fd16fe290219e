// Vector primitives on plain C: a "vector" is one float. See esp_math_functions.h.
#ifndef ESP_MATH_SCALAR_H
#define ESP_MATH_SCALAR_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define ESP_VEC_WIDTH 1
#define ESP_VEC_NAME(stem) stem##_scalar
#define ESP_VEC_BEGIN
#define ESP_VEC_END

typedef float esp_vec;
typedef bool esp_mask;

static inline esp_vec esp_vec_load(const float *p) { return *p; }
static inline void esp_vec_store(float *p, esp_vec v) { *p = v; }
static inline esp_vec esp_vec_load_first(const float *p, int n) { return n > 0 ? *p : 0.0f; }
static inline void esp_vec_store_first(float *p, esp_vec v, int n) {
  if (n > 0) *p = v;
}
static inline esp_vec esp_vec_set(float x) { return x; }
static inline esp_vec esp_vec_add(esp_vec a, esp_vec b) { return a + b; }
static inline esp_vec esp_vec_sub(esp_vec a, esp_vec b) { return a - b; }
static inline esp_vec esp_vec_mul(esp_vec a, esp_vec b) { return a * b; }
static inline esp_vec esp_vec_div(esp_vec a, esp_vec b) { return a / b; }
static inline esp_vec esp_vec_fma(esp_vec a, esp_vec b, esp_vec c) { return a * b + c; }
static inline esp_vec esp_vec_max(esp_vec a, esp_vec b) { return a > b ? a : b; }
static inline esp_vec esp_vec_min(esp_vec a, esp_vec b) { return a < b ? a : b; }
static inline esp_vec esp_vec_sqrt(esp_vec a) { return sqrtf(a); }
static inline esp_vec esp_vec_abs(esp_vec a) { return fabsf(a); }
static inline esp_vec esp_vec_neg(esp_vec a) { return -a; }
static inline esp_vec esp_vec_copy_sign(esp_vec size, esp_vec sign) {
  return copysignf(size, sign);
}
static inline esp_vec esp_vec_round(esp_vec a) { return rintf(a); }
static inline esp_vec esp_vec_floor(esp_vec a) { return floorf(a); }
static inline esp_vec esp_vec_ceil(esp_vec a) { return ceilf(a); }
static inline esp_mask esp_vec_less(esp_vec a, esp_vec b) { return a < b; }
static inline esp_mask esp_vec_less_equal(esp_vec a, esp_vec b) { return a <= b; }
static inline esp_mask esp_vec_equal(esp_vec a, esp_vec b) { return a == b; }
static inline esp_vec esp_vec_select(esp_mask m, esp_vec a, esp_vec b) { return m ? a : b; }
static inline float esp_vec_sum(esp_vec a) { return a; }
static inline float esp_vec_maximum(esp_vec a) { return a; }

static inline esp_vec esp_vec_scale(esp_vec v, esp_vec n) {
  // A NaN comes here beside a NaN v; converting it would be undefined.
  int32_t whole = n == n ? (int32_t)n : 0, half = whole >> 1;
  uint32_t bits[2] = {(uint32_t)(half + 127) << 23, (uint32_t)(whole - half + 127) << 23};
  float factor[2];
  memcpy(factor, bits, sizeof factor);
  return v * factor[0] * factor[1];
}
static inline esp_vec esp_vec_exponent(esp_vec a) {
  uint32_t bits;
  memcpy(&bits, &a, sizeof bits);
  return (float)((int32_t)((bits >> 23) & 255) - 127);
}
static inline esp_vec esp_vec_mantissa(esp_vec a) {
  uint32_t bits;
  memcpy(&bits, &a, sizeof bits);
  bits = (bits & 0x7FFFFFu) | 0x3F800000u;
  memcpy(&a, &bits, sizeof bits);
  return a;
}

#include "esp_math_functions.h"

#endif
