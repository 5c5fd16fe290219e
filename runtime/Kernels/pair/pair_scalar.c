// Row-pair micro-kernels on plain C: 2 rows by up to 4 vectors.
#include "esp_pair.h"

#include "../math/esp_math_scalar.h"

ESP_VEC_BEGIN
#include "pair_body.h"

ESP_PAIR_KERNEL(1)
ESP_PAIR_KERNEL(2)
ESP_PAIR_KERNEL(3)
ESP_PAIR_KERNEL(4)
ESP_VEC_END

const esp_pair_kernels esp_pair_scalar = {
    .vectors = 4,
    .run =
        {0, esp_pair_1_scalar, esp_pair_2_scalar, esp_pair_3_scalar, esp_pair_4_scalar},
};
