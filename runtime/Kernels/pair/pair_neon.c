// Row-pair micro-kernels on NEON: 2 rows by up to 8 vectors.
#include "esp_pair.h"

#if defined(__aarch64__)
#include "../math/esp_math_neon.h"

// Multiplying by lane needs no broadcast, which would take a slot of the multiplying units.
#define ESP_PAIR_WEIGHTS(w) const float32x4_t four = vld1q_f32(w);
#define ESP_PAIR_WEIGHT(w, i) vdupq_n_f32(four[i])

ESP_VEC_BEGIN
#include "pair_body.h"

ESP_PAIR_KERNEL(1)
ESP_PAIR_KERNEL(2)
ESP_PAIR_KERNEL(3)
ESP_PAIR_KERNEL(4)
ESP_PAIR_KERNEL(5)
ESP_PAIR_KERNEL(6)
ESP_PAIR_KERNEL(7)
ESP_PAIR_KERNEL(8)
ESP_VEC_END

const esp_pair_kernels esp_pair_neon = {
    .vectors = 8,
    .run =
        {0, esp_pair_1_neon, esp_pair_2_neon, esp_pair_3_neon, esp_pair_4_neon,
         esp_pair_5_neon, esp_pair_6_neon, esp_pair_7_neon, esp_pair_8_neon},
};
#endif
