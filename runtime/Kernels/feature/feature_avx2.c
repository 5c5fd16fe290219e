// Feature micro-kernels on AVX2 and FMA: 6 tokens by 2 vectors are 12 sums of 16 registers.
#include "esp_feature.h"

#if defined(__x86_64__)
#include "../math/esp_math_avx2.h"

#define ESP_FEATURE_ROW 6
#define ESP_FEATURE_VECTOR(w, j) esp_vec_load((w)[j])
// Keeps the compiler from broadcasting tokens ahead of time, for which registers are missing.
#define ESP_FEATURE_ORDER(sum) __asm__ volatile("" : "+x"(sum) : : "memory");

ESP_VEC_BEGIN
#include "feature_body.h"

#define ESP_FEATURE_KERNELS(T) ESP_FEATURE_KERNEL(T, 2, 2) ESP_FEATURE_KERNEL(T, 1, 1)
ESP_FEATURE_KERNELS(1)
ESP_FEATURE_KERNELS(2)
ESP_FEATURE_KERNELS(3)
ESP_FEATURE_KERNELS(4)
ESP_FEATURE_KERNELS(5)
ESP_FEATURE_KERNELS(6)
ESP_VEC_END

#define ROW(P)                                                                                \
  {                                                                                           \
    0, ESP_FEATURE_NAME(1, P), ESP_FEATURE_NAME(2, P), ESP_FEATURE_NAME(3, P),                \
        ESP_FEATURE_NAME(4, P), ESP_FEATURE_NAME(5, P), ESP_FEATURE_NAME(6, P),               \
  }
const esp_feature_kernels esp_feature_avx2 = {
    .tokens = 6, .panels = 2, .run = ROW(2), .half = ROW(1), .soften = esp_soften_avx2};
#endif
