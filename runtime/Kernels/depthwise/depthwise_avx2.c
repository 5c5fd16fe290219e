// Depthwise convolution on AVX2.
#include "esp_depthwise.h"

#if defined(__x86_64__)
#include "../math/esp_math_avx2.h"

ESP_VEC_BEGIN
static inline void esp_split(esp_vec a, esp_vec b, esp_vec *even, esp_vec *odd) {
  const __m256d low = _mm256_castps_pd(_mm256_shuffle_ps(a, b, 0x88));
  const __m256d high = _mm256_castps_pd(_mm256_shuffle_ps(a, b, 0xDD));
  *even = _mm256_castpd_ps(_mm256_permute4x64_pd(low, 0xD8));
  *odd = _mm256_castpd_ps(_mm256_permute4x64_pd(high, 0xD8));
}

#define ESP_DEPTHWISE_REGISTER "+x"
#include "depthwise_body.h"
ESP_VEC_END

const esp_depthwise_kernels esp_depthwise_avx2 = ESP_DEPTHWISE_TABLE;
#endif
