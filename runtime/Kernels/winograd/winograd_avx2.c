// Winograd transforms on AVX2.
#include "esp_winograd.h"

#if defined(__x86_64__)
#include "../math/esp_math_avx2.h"

ESP_VEC_BEGIN
// Two vectors' quarters, each chosen within its half, put in order.
#define ESP_WINOGRAD_ORDER(v) \
  _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(v), _MM_SHUFFLE(3, 1, 2, 0)))
static inline esp_vec esp_winograd_even(esp_vec a, esp_vec b) {
  return ESP_WINOGRAD_ORDER(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(2, 0, 2, 0)));
}
static inline esp_vec esp_winograd_odd(esp_vec a, esp_vec b) {
  return ESP_WINOGRAD_ORDER(_mm256_shuffle_ps(a, b, _MM_SHUFFLE(3, 1, 3, 1)));
}
static inline esp_vec esp_winograd_low(esp_vec a, esp_vec b) {
  return _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x20);
}
static inline esp_vec esp_winograd_high(esp_vec a, esp_vec b) {
  return _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x31);
}
static inline esp_vec esp_winograd_behind(esp_vec a, esp_vec b) {
  const __m256i turned = _mm256_setr_epi32(1, 2, 3, 4, 5, 6, 7, 0);
  return _mm256_permutevar8x32_ps(_mm256_blend_ps(a, b, 1), turned);
}
static inline esp_vec esp_winograd_load(const float *p, int first, int last) {
  if (first == 0 && last == 8) return esp_vec_load(p);
  return _mm256_maskload_ps(p, _mm256_andnot_si256(esp_vec_first(first), esp_vec_first(last)));
}

#include "winograd_body.h"
ESP_VEC_END

const esp_winograd_kernels esp_winograd_avx2[2] = ESP_WINOGRAD_TABLE;
#endif
