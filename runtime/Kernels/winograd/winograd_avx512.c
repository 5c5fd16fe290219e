// Winograd transforms on AVX-512.
#include "esp_winograd.h"

#if defined(__x86_64__)
#include "../math/esp_math_avx512.h"

ESP_VEC_BEGIN
static inline esp_vec esp_winograd_even(esp_vec a, esp_vec b) {
  return _mm512_permutex2var_ps(
      a, _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30), b);
}
static inline esp_vec esp_winograd_odd(esp_vec a, esp_vec b) {
  return _mm512_permutex2var_ps(
      a, _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31), b);
}
static inline esp_vec esp_winograd_low(esp_vec a, esp_vec b) {
  return _mm512_permutex2var_ps(
      a, _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23), b);
}
static inline esp_vec esp_winograd_high(esp_vec a, esp_vec b) {
  return _mm512_permutex2var_ps(
      a, _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), b);
}
static inline esp_vec esp_winograd_behind(esp_vec a, esp_vec b) {
  return _mm512_castsi512_ps(
      _mm512_alignr_epi32(_mm512_castps_si512(b), _mm512_castps_si512(a), 1));
}
static inline esp_vec esp_winograd_load(const float *p, int first, int last) {
  return _mm512_maskz_loadu_ps(esp_vec_first(last) & ~esp_vec_first(first), p);
}

#include "winograd_body.h"
ESP_VEC_END

const esp_winograd_kernels esp_winograd_avx512[2] = ESP_WINOGRAD_TABLE;
#endif
