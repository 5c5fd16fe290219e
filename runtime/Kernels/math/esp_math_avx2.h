// Vector primitives on AVX2 and FMA: 8 floats. See esp_math_functions.h.
#ifndef ESP_MATH_AVX2_H
#define ESP_MATH_AVX2_H

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define ESP_VEC_WIDTH 8
#define ESP_VEC_NAME(stem) stem##_avx2
#define ESP_VEC_BEGIN \
  ESP_VEC_PRAGMA(clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function))
#define ESP_VEC_PRAGMA(...) _Pragma(#__VA_ARGS__)
#define ESP_VEC_END _Pragma("clang attribute pop")

ESP_VEC_BEGIN

typedef __m256 esp_vec;
typedef __m256 esp_mask;

static inline __m256i esp_vec_first(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
static inline esp_vec esp_vec_load(const float *p) { return _mm256_loadu_ps(p); }
static inline void esp_vec_store(float *p, esp_vec v) { _mm256_storeu_ps(p, v); }
static inline esp_vec esp_vec_load_first(const float *p, int n) {
  return _mm256_maskload_ps(p, esp_vec_first(n));
}
static inline void esp_vec_store_first(float *p, esp_vec v, int n) {
  _mm256_maskstore_ps(p, esp_vec_first(n), v);
}
static inline esp_vec esp_vec_set(float x) { return _mm256_set1_ps(x); }
static inline esp_vec esp_vec_add(esp_vec a, esp_vec b) { return _mm256_add_ps(a, b); }
static inline esp_vec esp_vec_sub(esp_vec a, esp_vec b) { return _mm256_sub_ps(a, b); }
static inline esp_vec esp_vec_mul(esp_vec a, esp_vec b) { return _mm256_mul_ps(a, b); }
static inline esp_vec esp_vec_div(esp_vec a, esp_vec b) { return _mm256_div_ps(a, b); }
static inline esp_vec esp_vec_fma(esp_vec a, esp_vec b, esp_vec c) {
  return _mm256_fmadd_ps(a, b, c);
}
static inline esp_vec esp_vec_max(esp_vec a, esp_vec b) { return _mm256_max_ps(a, b); }
static inline esp_vec esp_vec_min(esp_vec a, esp_vec b) { return _mm256_min_ps(a, b); }
static inline esp_vec esp_vec_sqrt(esp_vec a) { return _mm256_sqrt_ps(a); }
static inline esp_vec esp_vec_abs(esp_vec a) {
  return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a);
}
static inline esp_vec esp_vec_neg(esp_vec a) {
  return _mm256_xor_ps(a, _mm256_set1_ps(-0.0f));
}
static inline esp_vec esp_vec_copy_sign(esp_vec size, esp_vec sign) {
  esp_vec bit = _mm256_set1_ps(-0.0f);
  return _mm256_or_ps(_mm256_andnot_ps(bit, size), _mm256_and_ps(bit, sign));
}
static inline esp_vec esp_vec_round(esp_vec a) {
  return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
static inline esp_vec esp_vec_floor(esp_vec a) { return _mm256_floor_ps(a); }
static inline esp_vec esp_vec_ceil(esp_vec a) { return _mm256_ceil_ps(a); }
static inline esp_mask esp_vec_less(esp_vec a, esp_vec b) {
  return _mm256_cmp_ps(a, b, _CMP_LT_OQ);
}
static inline esp_mask esp_vec_less_equal(esp_vec a, esp_vec b) {
  return _mm256_cmp_ps(a, b, _CMP_LE_OQ);
}
static inline esp_mask esp_vec_equal(esp_vec a, esp_vec b) {
  return _mm256_cmp_ps(a, b, _CMP_EQ_OQ);
}
static inline esp_vec esp_vec_select(esp_mask m, esp_vec a, esp_vec b) {
  return _mm256_blendv_ps(b, a, m);
}
static inline float esp_vec_sum(esp_vec a) {
  __m128 v = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  v = _mm_add_ps(v, _mm_movehl_ps(v, v));
  return _mm_cvtss_f32(_mm_add_ss(v, _mm_movehdup_ps(v)));
}
static inline float esp_vec_maximum(esp_vec a) {
  __m128 v = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
  v = _mm_max_ps(v, _mm_movehl_ps(v, v));
  return _mm_cvtss_f32(_mm_max_ss(v, _mm_movehdup_ps(v)));
}
static inline esp_vec esp_vec_scale(esp_vec v, esp_vec n) {
  __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1);
  __m256i bias = _mm256_set1_epi32(127), rest = _mm256_sub_epi32(whole, half);
  __m256 a = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23));
  __m256 b = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(rest, bias), 23));
  return _mm256_mul_ps(_mm256_mul_ps(v, a), b);
}
static inline esp_vec esp_vec_exponent(esp_vec a) {
  __m256i bits = _mm256_srli_epi32(_mm256_slli_epi32(_mm256_castps_si256(a), 1), 24);
  return _mm256_cvtepi32_ps(_mm256_sub_epi32(bits, _mm256_set1_epi32(127)));
}
static inline esp_vec esp_vec_mantissa(esp_vec a) {
  __m256i bits = _mm256_and_si256(_mm256_castps_si256(a), _mm256_set1_epi32(0x7FFFFF));
  return _mm256_castsi256_ps(_mm256_or_si256(bits, _mm256_set1_epi32(0x3F800000)));
}

#include "esp_math_functions.h"

ESP_VEC_END

#endif
