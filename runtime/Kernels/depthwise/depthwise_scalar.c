// Depthwise convolution on plain C.
#include "esp_depthwise.h"

#include "../math/esp_math_scalar.h"

ESP_VEC_BEGIN
static inline void esp_split(esp_vec a, esp_vec b, esp_vec *even, esp_vec *odd) {
  *even = a;
  *odd = b;
}

#include "depthwise_body.h"
ESP_VEC_END

const esp_depthwise_kernels esp_depthwise_scalar = ESP_DEPTHWISE_TABLE;
