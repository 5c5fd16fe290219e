// The multiply-add peak of NEON.
#include "esp_peak_kernels.h"

#if defined(__aarch64__)
#include "../math/esp_math_neon.h"

typedef esp_vec lanes;
#define SET esp_vec_set
#define MULTIPLY_ADD esp_vec_fma

ESP_VEC_BEGIN
#include "peak_body.h"
ESP_VEC_END

const esp_peak_kernel esp_peak_neon = {run_peak, ESP_VEC_WIDTH};
#endif
