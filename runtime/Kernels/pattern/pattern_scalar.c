// Pattern-group micro-kernels on plain C: 4 rows by up to 4 columns.
#include "esp_pattern.h"

#include "../math/esp_math_scalar.h"

ESP_VEC_BEGIN
#include "pattern_body.h"

ESP_PATTERN_KERNEL(1)
ESP_PATTERN_KERNEL(2)
ESP_PATTERN_KERNEL(3)
ESP_PATTERN_KERNEL(4)
ESP_VEC_END

const esp_pattern_kernels esp_pattern_scalar = {
    .vectors = 4,
    .run =
        {0, esp_pattern_1_scalar, esp_pattern_2_scalar, esp_pattern_3_scalar,
         esp_pattern_4_scalar},
};
