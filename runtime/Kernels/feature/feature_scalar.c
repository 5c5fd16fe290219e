// Feature micro-kernels in plain C: 2 tokens by one panel, for processors without a file of
// their own.
#include "../math/esp_math_scalar.h"
#include "esp_feature.h"

#define ESP_FEATURE_ROW 2
#define ESP_FEATURE_VECTOR(w, j) (w)[0][j]

#include "feature_body.h"

ESP_FEATURE_KERNEL(1, 8, 1)
ESP_FEATURE_KERNEL(2, 8, 1)

const esp_feature_kernels esp_feature_scalar = {
    .tokens = 2, .panels = 1, .run = {0, ESP_FEATURE_NAME(1, 1), ESP_FEATURE_NAME(2, 1)},
    .soften = esp_soften_scalar};
