#include "plain.h"

// Runs of one channel share scale and zero.

/// To the nearest whole number, half to even, for |x| <= 2^22: 3 * 2^22 has no fraction bits.
static inline float nearest(float x) { return (x + 12582912.0f) - 12582912.0f; }

// Quotients beyond 1024 saturate whatever the zero is; NaN becomes the least.
#define ESP_QUANTIZE(T, least, greatest)                                         \
  {                                                                              \
    float zero = quantize->zero ? (float)((const T *)quantize->zero)[c] : 0.0f;  \
    const float *x = (const float *)quantize->x + at;                            \
    T *y = (T *)quantize->y + at;                                                \
    for (int64_t i = 0; i < n; i++) {                                            \
      float value = x[i] / scale;                                                \
      value = value > -1024.0f ? value : -1024.0f;                               \
      value = nearest(value < 1024.0f ? value : 1024.0f) + zero;                 \
      value = value > (least) ? value : (least);                                 \
      value = value < (greatest) ? value : (greatest);                           \
      y[i] = (T)(int32_t)value;                                                  \
    }                                                                            \
    break;                                                                       \
  }

// Differences are formed as integers: those of i32 do not fit f32.
#define ESP_DEQUANTIZE(T, W)                                                     \
  {                                                                              \
    W zero = quantize->zero ? (W)((const T *)quantize->zero)[c] : 0;             \
    const T *x = (const T *)quantize->x + at;                                    \
    float *y = (float *)quantize->y + at;                                        \
    for (int64_t i = 0; i < n; i++) y[i] = (float)((W)x[i] - zero) * scale;      \
    break;                                                                       \
  }

static void run(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)worker;
  const esp_quantize *quantize = arguments;
  esp_range range = esp_units(first, last, quantize->count, 1);
  for (int64_t at = range.first; at < range.last;) {
    int64_t run = at / quantize->inner, c = run % quantize->channels;
    int64_t n = esp_minimum(range.last, (run + 1) * quantize->inner) - at;
    float scale = quantize->scale[c];
    if (quantize->dequantize) {
      switch (quantize->integer_type) {
        case ESP_I8: ESP_DEQUANTIZE(int8_t, int32_t)
        case ESP_I32: ESP_DEQUANTIZE(int32_t, int64_t)
        default: ESP_DEQUANTIZE(uint8_t, int32_t)
      }
    } else {
      switch (quantize->integer_type) {
        case ESP_I8: ESP_QUANTIZE(int8_t, -128.0f, 127.0f)
        default: ESP_QUANTIZE(uint8_t, 0.0f, 255.0f)
      }
    }
    at += n;
  }
}

esp_task esp_quantize_task(esp_quantize *quantize, esp_isa isa) {
  (void)isa;
  if (quantize->channels == 1) quantize->inner = esp_maximum(quantize->count, 1);
  return esp_task_of_units(run, quantize, quantize->count, 1);
}
