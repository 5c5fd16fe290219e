#include "math_functions.h"

#include "../../../runtime/Kernels/math/esp_math_scalar.h"

ESP_VEC_BEGIN
#include "math_functions_body.h"
ESP_VEC_END

const math_functions math_functions_scalar = MATH_TABLE;
