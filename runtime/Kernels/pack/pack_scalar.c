// Packing in plain C: a 1 x 1 transpose is nothing to do.
#include "../math/esp_math_scalar.h"
#include "esp_pack.h"

static inline void esp_transpose(esp_vec v[1]) { (void)v; }

static inline esp_vec esp_even(esp_vec a, esp_vec b) {
  (void)b;
  return a;
}

#include "pack_body.h"

const esp_pack_kernels esp_pack_scalar = ESP_PACK_TABLE;
