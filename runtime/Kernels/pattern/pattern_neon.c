// Pattern-group micro-kernels on NEON: 2 rows by up to 8 vectors.
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
ESP_PATTERN_KERNEL(7)
ESP_PATTERN_KERNEL(8)
ESP_VEC_END

const esp_pattern_kernels esp_pattern_neon = {
    .vectors = 8,
    .run =
        {0, esp_pattern_1_neon, esp_pattern_2_neon, esp_pattern_3_neon,
         esp_pattern_4_neon, esp_pattern_5_neon, esp_pattern_6_neon,
         esp_pattern_7_neon, esp_pattern_8_neon},
};
#endif
