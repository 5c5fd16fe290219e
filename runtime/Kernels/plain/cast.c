#include <math.h>

#include "plain.h"

// From floating point: towards zero, saturating, NaN to 0. The comparisons are with powers of two,
// which are exact as f32 where the largest integers are not.
static inline int64_t truncate(float x, float below, float above, int64_t least,
                               int64_t greatest) {
  if (!(x == x)) return 0;
  if (x <= below) return least;
  if (x >= above) return greatest;
  return (int64_t)x;
}

#define ESP_LOOP(T, U, expression)                                       \
  for (int64_t i = range.first; i < range.last; i++) {                   \
    T x = ((const T *)cast->x)[i];                                       \
    ((U *)cast->y)[i] = (U)(expression);                                 \
  }                                                                      \
  return;

#define ESP_FROM_INTEGER(T)                                              \
  switch (cast->to) {                                                    \
    case ESP_F32: ESP_LOOP(T, float, x)                                  \
    case ESP_U8: ESP_LOOP(T, uint8_t, x)                                 \
    case ESP_I8: ESP_LOOP(T, int8_t, x)                                  \
    case ESP_I32: ESP_LOOP(T, int32_t, x)                                \
    case ESP_I64: ESP_LOOP(T, int64_t, x)                                \
    case ESP_BOOL: ESP_LOOP(T, uint8_t, x != 0)                          \
  }                                                                      \
  return;

static void run(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)worker;
  const esp_cast *cast = arguments;
  esp_range range = esp_units(first, last, cast->count, 1);
  switch (cast->from) {
    case ESP_F32:
      switch (cast->to) {
        case ESP_F32: ESP_LOOP(float, float, x)
        case ESP_U8: ESP_LOOP(float, uint8_t, truncate(x, 0, 255, 0, 255))
        case ESP_I8: ESP_LOOP(float, int8_t, truncate(x, -128, 127, -128, 127))
        case ESP_I32:
          ESP_LOOP(float, int32_t, truncate(x, -0x1p31f, 0x1p31f, INT32_MIN, INT32_MAX))
        case ESP_I64:
          ESP_LOOP(float, int64_t, truncate(x, -0x1p63f, 0x1p63f, INT64_MIN, INT64_MAX))
        case ESP_BOOL: ESP_LOOP(float, uint8_t, x != 0)
      }
      return;
    case ESP_U8: case ESP_BOOL: ESP_FROM_INTEGER(uint8_t)
    case ESP_I8: ESP_FROM_INTEGER(int8_t)
    case ESP_I32: ESP_FROM_INTEGER(int32_t)
    case ESP_I64: ESP_FROM_INTEGER(int64_t)
  }
}

esp_task esp_cast_task(esp_cast *cast, esp_isa isa) {
  (void)isa;
  return esp_task_of_units(run, cast, cast->count, 1);
}
