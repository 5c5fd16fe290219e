#include "math_functions.h"

#if defined(__aarch64__)
#include "../../../runtime/Kernels/math/esp_math_neon.h"

ESP_VEC_BEGIN
#include "math_functions_body.h"
ESP_VEC_END

const math_functions math_functions_neon = MATH_TABLE;
#endif
