// Matrix times vector on AVX-512.
#include "esp_matvec.h"

#if defined(__x86_64__)
#include "../math/esp_math_avx512.h"

ESP_VEC_BEGIN

static inline esp_vec esp_gather(const float *x, const uint32_t *indices) {
  return _mm512_i32gather_ps(_mm512_loadu_si512(indices), x, 4);
}

#define ESP_N_OF_FOUR_UNROLL ESP_UNROLL
typedef __m512 esp_quad;
typedef __m512i esp_codes;

static inline esp_quad esp_quad_at(const float *x) {
  return _mm512_broadcast_f32x4(_mm_loadu_ps(x));
}
static inline esp_codes esp_codes_at(const float *codes) { return _mm512_loadu_si512(codes); }
static inline esp_codes esp_codes_next(esp_codes codes) { return _mm512_srli_epi32(codes, 2); }
/// Each lane takes the input of its 128 bits that the low two bits of its code number.
static inline esp_vec esp_pick(esp_quad quad, esp_codes codes) {
  return _mm512_permutevar_ps(quad, codes);
}

#include "matvec_body.h"

ESP_VEC_END

const esp_matvec_kernels esp_matvec_avx512 = ESP_MATVEC_TABLE;
#endif
