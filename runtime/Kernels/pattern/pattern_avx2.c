// Pattern-group micro-kernels on AVX2: 4 rows by up to 3 vectors.
#include "esp_pattern.h"

#if defined(__x86_64__)
#include "../math/esp_math_avx2.h"

ESP_VEC_BEGIN
#include "pattern_body.h"

ESP_PATTERN_KERNEL(1)
ESP_PATTERN_KERNEL(2)
ESP_PATTERN_KERNEL(3)
ESP_VEC_END

const esp_pattern_kernels esp_pattern_avx2 = {
    .vectors = 3,
    .run =
        {0, esp_pattern_1_avx2, esp_pattern_2_avx2, esp_pattern_3_avx2},
};
#endif
