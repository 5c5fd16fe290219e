// Matrix times vector in plain C.
#include "../math/esp_math_scalar.h"
#include "esp_matvec.h"

static inline esp_vec esp_gather(const float *x, const uint32_t *indices) { return x[*indices]; }

#include "matvec_body.h"

const esp_matvec_kernels esp_matvec_scalar = ESP_MATVEC_TABLE;
