// Row-pair micro-kernels on AVX-512: 2 rows by up to 7 vectors.
#include "esp_pair.h"

#if defined(__x86_64__)
#include "../math/esp_math_avx512.h"

ESP_VEC_BEGIN
#include "pair_body.h"

ESP_PAIR_KERNEL(1)
ESP_PAIR_KERNEL(2)
ESP_PAIR_KERNEL(3)
ESP_PAIR_KERNEL(4)
ESP_PAIR_KERNEL(5)
ESP_PAIR_KERNEL(6)
ESP_PAIR_KERNEL(7)
ESP_VEC_END

const esp_pair_kernels esp_pair_avx512 = {
    .vectors = 7,
    .run =
        {0, esp_pair_1_avx512, esp_pair_2_avx512, esp_pair_3_avx512, esp_pair_4_avx512,
         esp_pair_5_avx512, esp_pair_6_avx512, esp_pair_7_avx512},
};
#endif
