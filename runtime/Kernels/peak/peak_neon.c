// The multiply-add peak of NEON.
#include "esp_peak_kernels.h"

#if defined(__aarch64__)
#include "../math/esp_math_neon.h"

typedef esp_vec lanes;
#define SET esp_vec_set
// The instruction overwrites what it adds to: were that not the chain, it would be copied first.
#define MULTIPLY_ADD(chain, factor, term) esp_vec_fma(factor, term, chain)

ESP_VEC_BEGIN
#include "peak_body.h"
ESP_VEC_END

const esp_peak_kernel esp_peak_neon = {run_peak, ESP_VEC_WIDTH};
#endif
