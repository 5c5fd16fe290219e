// Depthwise convolution on plain C.
#include "esp_depthwise.h"

#include "../math/esp_math_scalar.h"

ESP_VEC_BEGIN
#include "depthwise_body.h"
ESP_VEC_END

const esp_depthwise_kernels esp_depthwise_scalar = ESP_DEPTHWISE_TABLE;
