#include "math_functions.h"

#if defined(__x86_64__)
#include "../../../runtime/Kernels/math/esp_math_avx2.h"

ESP_VEC_BEGIN
#include "math_functions_body.h"
ESP_VEC_END

const math_functions math_functions_avx2 = MATH_TABLE;
#endif
