// Matrix times vector on AVX-512.
#include "esp_matvec.h"

#if defined(__x86_64__)
#include "../math/esp_math_avx512.h"

ESP_VEC_BEGIN

static inline esp_vec esp_gather(const float *x, const uint32_t *indices) {
  return _mm512_i32gather_ps(_mm512_loadu_si512(indices), x, 4);
}

#include "matvec_body.h"

ESP_VEC_END

const esp_matvec_kernels esp_matvec_avx512 = ESP_MATVEC_TABLE;
#endif
