// Pattern-group micro-kernels on AVX-512: 4 rows by up to 6 vectors.
#include "esp_pattern.h"

#if defined(__x86_64__)
#include "../math/esp_math_avx512.h"

ESP_VEC_BEGIN
#include "pattern_body.h"

ESP_PATTERN_KERNEL(1)
ESP_PATTERN_KERNEL(2)
ESP_PATTERN_KERNEL(3)
ESP_PATTERN_KERNEL(4)
ESP_PATTERN_KERNEL(5)
ESP_PATTERN_KERNEL(6)
ESP_VEC_END

const esp_pattern_kernels esp_pattern_avx512 = {
    .vectors = 6,
    .run =
        {0, esp_pattern_1_avx512, esp_pattern_2_avx512, esp_pattern_3_avx512,
         esp_pattern_4_avx512, esp_pattern_5_avx512, esp_pattern_6_avx512},
};
#endif
