// Matrix times vector on AVX2.
#include "esp_matvec.h"

#if defined(__x86_64__)
#include "../math/esp_math_avx2.h"

ESP_VEC_BEGIN

static inline esp_vec esp_gather(const float *x, const uint32_t *indices) {
  return _mm256_i32gather_ps(x, _mm256_loadu_si256((const __m256i *)indices), 4);
}

#define ESP_N_OF_FOUR_UNROLL ESP_UNROLL
typedef __m256 esp_quad;
typedef __m256i esp_codes;

static inline esp_quad esp_quad_at(const float *x) {
  return _mm256_broadcast_ps((const __m128 *)x);
}
static inline esp_codes esp_codes_at(const float *codes) {
  return _mm256_loadu_si256((const __m256i *)codes);
}
static inline esp_codes esp_codes_next(esp_codes codes) { return _mm256_srli_epi32(codes, 2); }
/// Each lane takes the input of its 128 bits that the low two bits of its code number.
static inline esp_vec esp_pick(esp_quad quad, esp_codes codes) {
  return _mm256_permutevar_ps(quad, codes);
}

#include "matvec_body.h"

ESP_VEC_END

const esp_matvec_kernels esp_matvec_avx2 = ESP_MATVEC_TABLE;
#endif
