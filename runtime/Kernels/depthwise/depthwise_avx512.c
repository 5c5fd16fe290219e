// Depthwise convolution on AVX-512.
#include "esp_depthwise.h"

#if defined(__x86_64__)
#include "../math/esp_math_avx512.h"

ESP_VEC_BEGIN
static inline void esp_split(esp_vec a, esp_vec b, esp_vec *even, esp_vec *odd) {
  const __m512i low =
      _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(1));
  *even = _mm512_permutex2var_ps(a, low, b);
  *odd = _mm512_permutex2var_ps(a, high, b);
}

#define ESP_DEPTHWISE_REGISTER "+v"
#include "depthwise_body.h"
ESP_VEC_END

const esp_depthwise_kernels esp_depthwise_avx512 = ESP_DEPTHWISE_TABLE;
#endif
