// Row-pair micro-kernels on AVX2: 2 rows by up to 6 vectors.
#include "esp_pair.h"

#if defined(__x86_64__)
#include "../math/esp_math_avx2.h"

ESP_VEC_BEGIN
#include "pair_body.h"

ESP_PAIR_KERNEL(1)
ESP_PAIR_KERNEL(2)
ESP_PAIR_KERNEL(3)
ESP_PAIR_KERNEL(4)
ESP_PAIR_KERNEL(5)
ESP_PAIR_KERNEL(6)
ESP_VEC_END

const esp_pair_kernels esp_pair_avx2 = {
    .vectors = 6,
    .run =
        {0, esp_pair_1_avx2, esp_pair_2_avx2, esp_pair_3_avx2, esp_pair_4_avx2,
         esp_pair_5_avx2, esp_pair_6_avx2},
};
#endif
