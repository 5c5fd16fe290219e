// Winograd transforms on NEON.
#include "esp_winograd.h"

#if defined(__aarch64__)
#include "../math/esp_math_neon.h"

ESP_VEC_BEGIN
static inline esp_vec esp_winograd_even(esp_vec a, esp_vec b) { return vuzp1q_f32(a, b); }
static inline esp_vec esp_winograd_odd(esp_vec a, esp_vec b) { return vuzp2q_f32(a, b); }
static inline esp_vec esp_winograd_low(esp_vec a, esp_vec b) { return vzip1q_f32(a, b); }
static inline esp_vec esp_winograd_high(esp_vec a, esp_vec b) { return vzip2q_f32(a, b); }
static inline esp_vec esp_winograd_behind(esp_vec a, esp_vec b) { return vextq_f32(a, b, 1); }
static inline esp_vec esp_winograd_load(const float *p, int first, int last) {
  if (first == 0 && last == 4) return vld1q_f32(p);
  float lanes[4] = {0, 0, 0, 0};
  for (int i = first; i < last; i++) lanes[i] = p[i];
  return vld1q_f32(lanes);
}

#include "winograd_body.h"
ESP_VEC_END

const esp_winograd_kernels esp_winograd_neon[2] = ESP_WINOGRAD_TABLE;
#endif
