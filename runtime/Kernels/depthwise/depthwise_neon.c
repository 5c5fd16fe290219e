// Depthwise convolution on NEON.
#include "esp_depthwise.h"

#if defined(__aarch64__)
#include "../math/esp_math_neon.h"

ESP_VEC_BEGIN
static inline void esp_split(esp_vec a, esp_vec b, esp_vec *even, esp_vec *odd) {
  *even = vuzp1q_f32(a, b);
  *odd = vuzp2q_f32(a, b);
}

#define ESP_DEPTHWISE_REGISTER "+w"
#include "depthwise_body.h"
ESP_VEC_END

const esp_depthwise_kernels esp_depthwise_neon = ESP_DEPTHWISE_TABLE;
#endif
