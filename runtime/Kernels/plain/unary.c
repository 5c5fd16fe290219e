// Unary functions of one number, and integer ones. Those with a vector form are in unary.inc.
#include <math.h>

#include "plain.h"

static float softplus(float x) { return fmaxf(x, 0.0f) + log1pf(expf(-fabsf(x))); }
static float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }
static float clip(float x, float low, float high) {
  x = x < low ? low : x;
  return x > high ? high : x;
}

float esp_unary_value(esp_unary_kind kind, float a, float b, float x) {
  switch (kind) {
    case ESP_UNARY_RELU: return x < 0 ? 0 : x;
    case ESP_UNARY_CLIP: return clip(x, a, b);
    case ESP_UNARY_LEAKY_RELU: return x < 0 ? a * x : x;
    case ESP_UNARY_SIGMOID: return sigmoid(x);
    case ESP_UNARY_SILU: return x * sigmoid(a * x);
    case ESP_UNARY_HARD_SWISH: return x * clip(x / 6 + 0.5f, 0, 1);
    case ESP_UNARY_HARD_SIGMOID: return clip(a * x + b, 0, 1);
    case ESP_UNARY_TANH: return tanhf(x);
    case ESP_UNARY_GELU: return 0.5f * x * (1 + erff(x * 0.70710678f));
    case ESP_UNARY_GELU_TANH:
      return 0.5f * x * (1 + tanhf(0.797884561f * (x + 0.044715f * x * x * x)));
    case ESP_UNARY_ELU: return x < 0 ? a * expm1f(x) : x;
    case ESP_UNARY_SELU: return b * (x > 0 ? x : a * expm1f(x));
    case ESP_UNARY_CELU: return x < 0 ? a * expm1f(x / a) : x;
    case ESP_UNARY_ERF: return erff(x);
    case ESP_UNARY_SOFTPLUS: return softplus(x);
    case ESP_UNARY_SOFTSIGN: return x / (1 + fabsf(x));
    case ESP_UNARY_MISH: return x * tanhf(softplus(x));
    case ESP_UNARY_THRESHOLDED_RELU: return x > a ? x : 0;
    case ESP_UNARY_SQRT: return sqrtf(x);
    case ESP_UNARY_EXP: return expf(x);
    case ESP_UNARY_LOG: return logf(x);
    case ESP_UNARY_ABS: return fabsf(x);
    case ESP_UNARY_NEG: return -x;
    case ESP_UNARY_SIGN: return x > 0 ? 1.0f : x < 0 ? -1.0f : x;
    case ESP_UNARY_RECIPROCAL: return 1 / x;
    case ESP_UNARY_FLOOR: return floorf(x);
    case ESP_UNARY_CEIL: return ceilf(x);
    case ESP_UNARY_ROUND: return rintf(x);
    case ESP_UNARY_SIN: return sinf(x);
    case ESP_UNARY_COS: return cosf(x);
    case ESP_UNARY_TAN: return tanf(x);
    case ESP_UNARY_ASIN: return asinf(x);
    case ESP_UNARY_ACOS: return acosf(x);
    case ESP_UNARY_ATAN: return atanf(x);
    case ESP_UNARY_SINH: return sinhf(x);
    case ESP_UNARY_COSH: return coshf(x);
    case ESP_UNARY_ASINH: return asinhf(x);
    case ESP_UNARY_ACOSH: return acoshf(x);
    case ESP_UNARY_ATANH: return atanhf(x);
    case ESP_UNARY_AFFINE: return a * x + b;
    case ESP_UNARY_NOT: case ESP_UNARY_IS_NAN: case ESP_UNARY_IS_INF: break;
  }
  return x;
}

void esp_unary_values(const esp_unary *unary, const float *x, float *y, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i] = esp_unary_value(unary->kind, unary->a, unary->b, x[i]);
}

static void run_bool(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)worker;
  const esp_unary *unary = arguments;
  esp_range range = esp_units(first, last, unary->count, 1);
  uint8_t *y = unary->y;
  const float *x = unary->x;
  for (int64_t i = range.first; i < range.last; i++) {
    switch (unary->kind) {
      case ESP_UNARY_NOT: y[i] = !((const uint8_t *)unary->x)[i]; break;
      case ESP_UNARY_IS_NAN: y[i] = x[i] != x[i]; break;
      default:
        y[i] = (unary->a != 0 && x[i] == INFINITY) || (unary->b != 0 && x[i] == -INFINITY);
        break;
    }
  }
}

// Bounds come as floats, usually infinite; beyond the integer's range they saturate.
static int64_t bound(float value, int64_t least, int64_t greatest) {
  if (!(value > (float)least)) return least;
  return value >= (float)greatest ? greatest : (int64_t)value;
}

#define ESP_INTEGER_LOOP(T, U, least, greatest)                                         \
  {                                                                                     \
    const T *x = unary->x;                                                              \
    T *y = unary->y;                                                                    \
    T low = (T)bound(ceilf(unary->a), least, greatest);                                 \
    T high = (T)bound(floorf(unary->b), least, greatest);                               \
    for (int64_t i = range.first; i < range.last; i++) {                                \
      T v = x[i];                                                                       \
      switch (unary->kind) {                                                            \
        case ESP_UNARY_RELU: y[i] = v < 0 ? 0 : v; break;                               \
        case ESP_UNARY_CLIP: v = v < low ? low : v; y[i] = v > high ? high : v; break;  \
        case ESP_UNARY_ABS: y[i] = v < 0 ? (T)(0 - (U)v) : v; break;                    \
        case ESP_UNARY_NEG: y[i] = (T)(0 - (U)v); break;                                \
        default: y[i] = (T)((v > 0) - (v < 0)); break;                                  \
      }                                                                                 \
    }                                                                                   \
  }

static void run_integer(const void *arguments, int64_t first, int64_t last,
                        esp_worker *worker) {
  (void)worker;
  const esp_unary *unary = arguments;
  esp_range range = esp_units(first, last, unary->count, 1);
  if (unary->type == ESP_I32) {
    ESP_INTEGER_LOOP(int32_t, uint32_t, INT32_MIN, INT32_MAX)
  } else {
    ESP_INTEGER_LOOP(int64_t, uint64_t, INT64_MIN, INT64_MAX)
  }
}

esp_task esp_unary_task(esp_unary *unary, esp_isa isa) {
  esp_task_function run = run_integer;
  if (unary->kind == ESP_UNARY_NOT || unary->kind == ESP_UNARY_IS_NAN ||
      unary->kind == ESP_UNARY_IS_INF) {
    run = run_bool;
  } else if (unary->type == ESP_F32) {
    run = ESP_PICK(isa, esp_unary_run);
  }
  return esp_task_of_units(run, unary, unary->count, 1);
}
