// Pattern-group micro-kernels on AVX-512: 2 rows by up to 8 vectors.
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
ESP_PATTERN_KERNEL(7)
ESP_PATTERN_KERNEL(8)
ESP_VEC_END

const esp_pattern_kernels esp_pattern_avx512 = {
    .vectors = 8,
    .run =
        {0, esp_pattern_1_avx512, esp_pattern_2_avx512, esp_pattern_3_avx512,
         esp_pattern_4_avx512, esp_pattern_5_avx512, esp_pattern_6_avx512,
         esp_pattern_7_avx512, esp_pattern_8_avx512},
};
#endif
