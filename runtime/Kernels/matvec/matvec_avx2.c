// Matrix times vector on AVX2.
#include "esp_matvec.h"

#if defined(__x86_64__)
#include "../math/esp_math_avx2.h"

ESP_VEC_BEGIN

static inline esp_vec esp_gather(const float *x, const uint32_t *indices) {
  return _mm256_i32gather_ps(x, _mm256_loadu_si256((const __m256i *)indices), 4);
}

#include "matvec_body.h"

ESP_VEC_END

const esp_matvec_kernels esp_matvec_avx2 = ESP_MATVEC_TABLE;
#endif
