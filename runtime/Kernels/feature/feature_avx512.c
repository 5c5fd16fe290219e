// Feature micro-kernels on AVX-512: 12 tokens by 2 vectors are 24 sums of 32 registers.
#include "esp_feature.h"

#if defined(__x86_64__)
#include "../math/esp_math_avx512.h"

#define ESP_FEATURE_ROW 12
// Two panels make a vector; the second half is loaded through a mask, which needs no shuffle.
#define ESP_FEATURE_VECTOR(w, j)                                                             \
  _mm512_mask_broadcast_f32x8(_mm512_castps256_ps512(_mm256_loadu_ps((w)[2 * (j)])), 0xFF00, \
                              _mm256_loadu_ps((w)[2 * (j) + 1]))

ESP_VEC_BEGIN
#include "feature_body.h"

#define ESP_FEATURE_KERNELS(T) ESP_FEATURE_KERNEL(T, 2, 4) ESP_FEATURE_KERNEL(T, 1, 2)
ESP_FEATURE_KERNELS(1)
ESP_FEATURE_KERNELS(2)
ESP_FEATURE_KERNELS(3)
ESP_FEATURE_KERNELS(4)
ESP_FEATURE_KERNELS(5)
ESP_FEATURE_KERNELS(6)
ESP_FEATURE_KERNELS(7)
ESP_FEATURE_KERNELS(8)
ESP_FEATURE_KERNELS(9)
ESP_FEATURE_KERNELS(10)
ESP_FEATURE_KERNELS(11)
ESP_FEATURE_KERNELS(12)
ESP_VEC_END

#define ROW(P)                                                                                \
  {                                                                                           \
    0, ESP_FEATURE_NAME(1, P), ESP_FEATURE_NAME(2, P), ESP_FEATURE_NAME(3, P),                \
        ESP_FEATURE_NAME(4, P), ESP_FEATURE_NAME(5, P), ESP_FEATURE_NAME(6, P),               \
        ESP_FEATURE_NAME(7, P), ESP_FEATURE_NAME(8, P), ESP_FEATURE_NAME(9, P),               \
        ESP_FEATURE_NAME(10, P), ESP_FEATURE_NAME(11, P), ESP_FEATURE_NAME(12, P),            \
  }
const esp_feature_kernels esp_feature_avx512 = {
    .tokens = 12, .panels = 4, .run = ROW(4), .half = ROW(2), .soften = esp_soften_avx512};
#endif
