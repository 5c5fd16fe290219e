// Vector primitives on AVX-512: 16 floats. See esp_math_functions.h.
#ifndef ESP_MATH_AVX512_H
#define ESP_MATH_AVX512_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define ESP_VEC_WIDTH 16
#define ESP_VEC_NAME(stem) stem##_avx512
// AVX-512F implies AVX2 and FMA.
#define ESP_VEC_BEGIN ESP_VEC_PRAGMA(clang attribute push( \
    __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))), apply_to = function))
#define ESP_VEC_PRAGMA(...) _Pragma(#__VA_ARGS__)
#define ESP_VEC_END _Pragma("clang attribute pop")

ESP_VEC_BEGIN

typedef __m512 esp_vec;
typedef __mmask16 esp_mask;

static inline esp_mask esp_vec_first(int n) {
  return n >= 16 ? (esp_mask)0xFFFF : (esp_mask)((1u << n) - 1);
}
static inline esp_vec esp_vec_load(const float *p) { return _mm512_loadu_ps(p); }
static inline void esp_vec_store(float *p, esp_vec v) { _mm512_storeu_ps(p, v); }
static inline esp_vec esp_vec_load_first(const float *p, int n) {
  return _mm512_maskz_loadu_ps(esp_vec_first(n), p);
}
static inline void esp_vec_store_first(float *p, esp_vec v, int n) {
  _mm512_mask_storeu_ps(p, esp_vec_first(n), v);
}
static inline esp_vec esp_vec_set(float x) { return _mm512_set1_ps(x); }
static inline esp_vec esp_vec_add(esp_vec a, esp_vec b) { return _mm512_add_ps(a, b); }
static inline esp_vec esp_vec_sub(esp_vec a, esp_vec b) { return _mm512_sub_ps(a, b); }
static inline esp_vec esp_vec_mul(esp_vec a, esp_vec b) { return _mm512_mul_ps(a, b); }
static inline esp_vec esp_vec_div(esp_vec a, esp_vec b) { return _mm512_div_ps(a, b); }
static inline esp_vec esp_vec_fma(esp_vec a, esp_vec b, esp_vec c) {
  return _mm512_fmadd_ps(a, b, c);
}
static inline esp_vec esp_vec_max(esp_vec a, esp_vec b) { return _mm512_max_ps(a, b); }
static inline esp_vec esp_vec_min(esp_vec a, esp_vec b) { return _mm512_min_ps(a, b); }
static inline esp_vec esp_vec_sqrt(esp_vec a) { return _mm512_sqrt_ps(a); }
static inline esp_vec esp_vec_abs(esp_vec a) { return _mm512_abs_ps(a); }
static inline esp_vec esp_vec_neg(esp_vec a) {
  return _mm512_xor_ps(a, _mm512_set1_ps(-0.0f));
}
static inline esp_vec esp_vec_copy_sign(esp_vec size, esp_vec sign) {
  esp_vec bit = _mm512_set1_ps(-0.0f);
  return _mm512_or_ps(_mm512_andnot_ps(bit, size), _mm512_and_ps(bit, sign));
}
static inline esp_vec esp_vec_round(esp_vec a) {
  return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
static inline esp_vec esp_vec_floor(esp_vec a) {
  return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC);
}
static inline esp_vec esp_vec_ceil(esp_vec a) {
  return _mm512_roundscale_ps(a, _MM_FROUND_TO_POS_INF | _MM_FROUND_NO_EXC);
}
static inline esp_mask esp_vec_less(esp_vec a, esp_vec b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}
static inline esp_mask esp_vec_less_equal(esp_vec a, esp_vec b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ);
}
static inline esp_mask esp_vec_equal(esp_vec a, esp_vec b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ);
}
static inline esp_vec esp_vec_select(esp_mask m, esp_vec a, esp_vec b) {
  return _mm512_mask_blend_ps(m, b, a);
}
static inline float esp_vec_sum(esp_vec a) { return _mm512_reduce_add_ps(a); }
static inline float esp_vec_maximum(esp_vec a) { return _mm512_reduce_max_ps(a); }
static inline esp_vec esp_vec_scale(esp_vec v, esp_vec n) { return _mm512_scalef_ps(v, n); }
static inline esp_vec esp_vec_exponent(esp_vec a) { return _mm512_getexp_ps(a); }
static inline esp_vec esp_vec_mantissa(esp_vec a) {
  return _mm512_getmant_ps(a, _MM_MANT_NORM_1_2, _MM_MANT_SIGN_zero);
}

#include "esp_math_functions.h"

ESP_VEC_END

#endif
