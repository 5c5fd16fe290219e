// Winograd transforms in plain C: a vector is one float, two of them need no shuffling.
#include "esp_winograd.h"

#include "../math/esp_math_scalar.h"

ESP_VEC_BEGIN
static inline esp_vec esp_winograd_even(esp_vec a, esp_vec b) { return (void)b, a; }
static inline esp_vec esp_winograd_odd(esp_vec a, esp_vec b) { return (void)a, b; }
static inline esp_vec esp_winograd_low(esp_vec a, esp_vec b) { return (void)b, a; }
static inline esp_vec esp_winograd_high(esp_vec a, esp_vec b) { return (void)a, b; }
static inline esp_vec esp_winograd_behind(esp_vec a, esp_vec b) { return (void)a, b; }
static inline esp_vec esp_winograd_load(const float *p, int first, int last) {
  return first < last ? *p : 0.0f;
}

#include "winograd_body.h"
ESP_VEC_END

const esp_winograd_kernels esp_winograd_scalar[2] = ESP_WINOGRAD_TABLE;
