// The multiply-add peak of AVX2 and FMA.
#include "esp_peak_kernels.h"

#if defined(__x86_64__)
#include "../math/esp_math_avx2.h"

typedef esp_vec lanes;
#define SET esp_vec_set
#define MULTIPLY_ADD esp_vec_fma

ESP_VEC_BEGIN
#include "peak_body.h"
ESP_VEC_END

const esp_peak_kernel esp_peak_avx2 = {run_peak, ESP_VEC_WIDTH};
#endif
