// Pattern-group micro-kernels on NEON: 4 rows by up to 6 vectors.
#include "esp_pattern.h"

#if defined(__aarch64__)
#include "../math/esp_math_neon.h"

ESP_VEC_BEGIN
#include "pattern_body.h"

ESP_PATTERN_KERNEL(1)
ESP_PATTERN_KERNEL(2)
ESP_PATTERN_KERNEL(3)
ESP_PATTERN_KERNEL(4)
ESP_PATTERN_KERNEL(5)
ESP_PATTERN_KERNEL(6)
ESP_VEC_END

const esp_pattern_kernels esp_pattern_neon = {
    .vectors = 6,
    .run =
        {0, esp_pattern_1_neon, esp_pattern_2_neon, esp_pattern_3_neon,
         esp_pattern_4_neon, esp_pattern_5_neon, esp_pattern_6_neon},
};
#endif
