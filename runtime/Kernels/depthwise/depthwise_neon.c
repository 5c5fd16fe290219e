// Depthwise convolution on NEON.
#include "esp_depthwise.h"

#if defined(__aarch64__)
#include "../math/esp_math_neon.h"

ESP_VEC_BEGIN
#include "depthwise_body.h"
ESP_VEC_END

const esp_depthwise_kernels esp_depthwise_neon = ESP_DEPTHWISE_TABLE;
#endif
