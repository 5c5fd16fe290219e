// Binary functions on integers and booleans, and those that call libm. The rest are in binary.inc.
#include <math.h>

#include "plain.h"

/// One row: y[i] = f(a[i * sa], b[i * sb]). Returns a fault.
typedef int32_t row_function(int64_t n, const void *a, int64_t sa, const void *b, int64_t sb,
                             void *y);

#define ESP_ROW(name, T, U, expression)                                                 \
  static int32_t name(int64_t n, const void *a, int64_t sa, const void *b, int64_t sb,  \
                      void *y) {                                                        \
    for (int64_t i = 0; i < n; i++) {                                                   \
      T p = ((const T *)a)[i * sa], q = ((const T *)b)[i * sb];                         \
      ((U *)y)[i] = (U)(expression);                                                    \
    }                                                                                   \
    return ESP_FAULT_NONE;                                                              \
  }

// Division and remainder: zero divisors give 0 and a fault; the least value by -1 wraps.
#define ESP_DIVISION_ROW(name, T, by_minus_one, expression)                             \
  static int32_t name(int64_t n, const void *a, int64_t sa, const void *b, int64_t sb,  \
                      void *y) {                                                        \
    int32_t fault = ESP_FAULT_NONE;                                                     \
    for (int64_t i = 0; i < n; i++) {                                                   \
      T p = ((const T *)a)[i * sa], q = ((const T *)b)[i * sb];                         \
      if (q == 0) fault = ESP_FAULT_DIVISION_BY_ZERO;                                   \
      ((T *)y)[i] = q == 0 ? 0 : q == -1 ? (T)(by_minus_one) : (T)(expression);         \
    }                                                                                   \
    return fault;                                                                       \
  }

/// p to the power q by squaring, wrapping. Negative powers round towards zero; 0 gives 0 there.
static uint64_t power(int64_t p, int64_t q) {
  if (q < 0) return p == 1 ? 1 : p == -1 ? (q % 2 != 0 ? (uint64_t)-1 : 1) : 0;
  uint64_t result = 1;
  for (uint64_t square = (uint64_t)p; q > 0; q >>= 1, square *= square) {
    if (q & 1) result *= square;
  }
  return result;
}

#define ESP_INTEGER_ROWS(name, T, U)                                                    \
  ESP_ROW(add_##name, T, T, (U)p + (U)q)                                                \
  ESP_ROW(sub_##name, T, T, (U)p - (U)q)                                                \
  ESP_ROW(mul_##name, T, T, (U)p * (U)q)                                                \
  ESP_DIVISION_ROW(div_##name, T, 0 - (U)p, p / q)                                      \
  ESP_ROW(pow_##name, T, T, power(p, q))                                                \
  ESP_ROW(min_##name, T, T, p < q ? p : q)                                              \
  ESP_ROW(max_##name, T, T, p > q ? p : q)                                              \
  ESP_DIVISION_ROW(mod_##name, T, 0, p % q != 0 && (p < 0) != (q < 0) ? p % q + q : p % q) \
  ESP_DIVISION_ROW(fmod_##name, T, 0, p % q)                                            \
  ESP_ROW(equal_##name, T, uint8_t, p == q)                                             \
  ESP_ROW(greater_##name, T, uint8_t, p > q)                                            \
  ESP_ROW(less_##name, T, uint8_t, p < q)                                               \
  ESP_ROW(greater_equal_##name, T, uint8_t, p >= q)                                     \
  ESP_ROW(less_equal_##name, T, uint8_t, p <= q)                                        \
  ESP_ROW(prelu_##name, T, T, p < 0 ? (U)p * (U)q : (U)p)                               \
  ESP_ROW(bit_and_##name, T, T, p & q)                                                  \
  ESP_ROW(bit_or_##name, T, T, p | q)                                                   \
  ESP_ROW(bit_xor_##name, T, T, p ^ q)                                                  \
  ESP_ROW(shift_left_##name, T, T, (U)q < 8 * sizeof(T) ? (U)p << q : 0)                \
  ESP_ROW(shift_right_##name, T, T, (U)q < 8 * sizeof(T) ? p >> q : p < 0 ? -1 : 0)     \
  static row_function *const name##_rows[ESP_BINARY_SHIFT_RIGHT + 1] = {                \
      [ESP_BINARY_ADD] = add_##name, [ESP_BINARY_SUB] = sub_##name,                     \
      [ESP_BINARY_MUL] = mul_##name, [ESP_BINARY_DIV] = div_##name,                     \
      [ESP_BINARY_POW] = pow_##name, [ESP_BINARY_MIN] = min_##name,                     \
      [ESP_BINARY_MAX] = max_##name, [ESP_BINARY_MOD] = mod_##name,                     \
      [ESP_BINARY_FMOD] = fmod_##name, [ESP_BINARY_EQUAL] = equal_##name,               \
      [ESP_BINARY_GREATER] = greater_##name, [ESP_BINARY_LESS] = less_##name,           \
      [ESP_BINARY_GREATER_EQUAL] = greater_equal_##name,                                \
      [ESP_BINARY_LESS_EQUAL] = less_equal_##name, [ESP_BINARY_PRELU] = prelu_##name,   \
      [ESP_BINARY_BIT_AND] = bit_and_##name, [ESP_BINARY_BIT_OR] = bit_or_##name,       \
      [ESP_BINARY_BIT_XOR] = bit_xor_##name,                                            \
      [ESP_BINARY_SHIFT_LEFT] = shift_left_##name,                                      \
      [ESP_BINARY_SHIFT_RIGHT] = shift_right_##name,                                    \
  };

ESP_INTEGER_ROWS(i32, int32_t, uint32_t)
ESP_INTEGER_ROWS(i64, int64_t, uint64_t)

ESP_ROW(equal_bool, uint8_t, uint8_t, p == q)
ESP_ROW(and_bool, uint8_t, uint8_t, p != 0 && q != 0)
ESP_ROW(or_bool, uint8_t, uint8_t, p != 0 || q != 0)
ESP_ROW(xor_bool, uint8_t, uint8_t, (p != 0) != (q != 0))

static float modulo(float p, float q) {
  float rest = fmodf(p, q);
  return rest != 0 && (rest < 0) != (q < 0) ? rest + q : rest;
}
ESP_ROW(mod_f32, float, float, modulo(p, q))
ESP_ROW(fmod_f32, float, float, fmodf(p, q))
ESP_ROW(pow_f32, float, float, powf(p, q))

static row_function *row_for(esp_binary_kind kind, esp_type type) {
  switch (kind) {
    case ESP_BINARY_AND: return and_bool;
    case ESP_BINARY_OR: return or_bool;
    case ESP_BINARY_XOR: return xor_bool;
    case ESP_BINARY_EQUAL:
      if (type == ESP_BOOL || type == ESP_U8 || type == ESP_I8) return equal_bool;
      break;
    default: break;
  }
  if (type == ESP_I32) return i32_rows[kind];
  if (type == ESP_I64) return i64_rows[kind];
  return kind == ESP_BINARY_MOD ? mod_f32 : kind == ESP_BINARY_FMOD ? fmod_f32 : pow_f32;
}

static void run(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  const esp_binary *binary = arguments;
  int32_t inner = binary->rank - 1;
  row_function *row = row_for(binary->kind, binary->type);
  size_t size = esp_type_size(binary->type);
  bool gives_bool = binary->kind >= ESP_BINARY_EQUAL && binary->kind <= ESP_BINARY_XOR;
  size_t y_size = gives_bool ? 1 : size;
  esp_range range = esp_units(first, last, esp_product(binary->dims, 0, binary->rank), 1);
  if (range.first >= range.last) return;
  esp_walk walk = {.rank = binary->rank, .operands = 2, .dims = binary->dims,
                   .strides = {binary->a_strides, binary->b_strides}};
  esp_walk_start(&walk, range.first);
  for (int64_t at = range.first; at < range.last;) {
    int64_t n = esp_minimum(range.last - at, binary->dims[inner] - walk.coordinate[inner]);
    int32_t fault = row(n, (const uint8_t *)binary->a + walk.offset[0] * (int64_t)size,
                        binary->a_strides[inner],
                        (const uint8_t *)binary->b + walk.offset[1] * (int64_t)size,
                        binary->b_strides[inner], (uint8_t *)binary->y + (size_t)at * y_size);
    if (fault) worker->fault = fault;
    at += n;
    esp_walk_advance(&walk, n);
  }
}

esp_task esp_binary_task(esp_binary *binary, esp_isa isa) {
  int64_t *strides[] = {binary->a_strides, binary->b_strides};
  esp_merge_axes(&binary->rank, binary->dims, 2, strides);
  bool calls_libm = binary->kind == ESP_BINARY_MOD || binary->kind == ESP_BINARY_FMOD;
  // Powers by one exponent may be squares.
  if (binary->kind == ESP_BINARY_POW) calls_libm = binary->b_strides[binary->rank - 1] != 0;
  bool vectors = binary->type == ESP_F32 && !calls_libm;
  return esp_task_of_units(vectors ? ESP_PICK(isa, esp_binary_run) : run, binary,
                           esp_product(binary->dims, 0, binary->rank), 1);
}
