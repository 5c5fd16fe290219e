// Depthwise convolution on AVX2.
#include "esp_depthwise.h"

#if defined(__x86_64__)
#include "../math/esp_math_avx2.h"

ESP_VEC_BEGIN
#include "depthwise_body.h"
ESP_VEC_END

const esp_depthwise_kernels esp_depthwise_avx2 = ESP_DEPTHWISE_TABLE;
#endif
