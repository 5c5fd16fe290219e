// What the plain kernels share: cutting into items, walking strided tensors, picking an ISA.
#ifndef ESP_PLAIN_INTERNAL_H
#define ESP_PLAIN_INTERNAL_H

#include <stdbool.h>
#include <string.h>

#include "../include/esp_plain.h"

/// An item should touch about this many elements: fewer, and sharing costs more than it gains.
enum { ESP_GRAIN = 4096 };

static inline int64_t esp_minimum(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t esp_maximum(int64_t a, int64_t b) { return a > b ? a : b; }

static inline int64_t esp_ceiling_quotient(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// How many units of `cost` elements each go into one item; at least one.
static inline int64_t esp_units_per_item(int64_t cost) {
  return cost >= ESP_GRAIN ? 1 : ESP_GRAIN / esp_maximum(cost, 1);
}

/// A task of `units` independent units, `esp_units_per_item(cost)` of them to an item.
static inline esp_task esp_task_of_units(esp_task_function run, const void *arguments,
                                         int64_t units, int64_t cost) {
  return (esp_task){run, arguments, esp_ceiling_quotient(units, esp_units_per_item(cost)), 0};
}

/// The units of items first ..< last.
typedef struct esp_range {
  int64_t first, last;
} esp_range;

static inline esp_range esp_units(int64_t first, int64_t last, int64_t units, int64_t cost) {
  int64_t per_item = esp_units_per_item(cost);
  return (esp_range){first * per_item, esp_minimum(last * per_item, units)};
}

static inline size_t esp_type_size(esp_type type) {
  switch (type) {
    case ESP_F32: case ESP_I32: return 4;
    case ESP_I64: return 8;
    case ESP_U8: case ESP_I8: case ESP_BOOL: return 1;
  }
  return 0;
}

static inline int64_t esp_load_index(esp_type type, const void *index, int64_t at) {
  return type == ESP_I32 ? ((const int32_t *)index)[at] : ((const int64_t *)index)[at];
}

static inline int64_t esp_product(const int64_t *dims, int32_t first, int32_t last) {
  int64_t product = 1;
  for (int32_t axis = first; axis < last; axis++) product *= dims[axis];
  return product;
}

/// Copies one element of 1, 4 or 8 bytes.
static inline void esp_copy_element(int32_t size, void *y, int64_t y_at, const void *x,
                                    int64_t x_at) {
  switch (size) {
    case 1: ((uint8_t *)y)[y_at] = ((const uint8_t *)x)[x_at]; break;
    case 4: ((uint32_t *)y)[y_at] = ((const uint32_t *)x)[x_at]; break;
    default: ((uint64_t *)y)[y_at] = ((const uint64_t *)x)[x_at]; break;
  }
}

/// Drops axes of extent 1 and merges neighbours that every operand steps through as if they were
/// one. Leaves at least one axis. `strides[o]` are operand o's.
void esp_merge_axes(int32_t *rank, int64_t *dims, int32_t operands, int64_t *const *strides);

/// A place in a strided iteration space, with each operand's offset there.
typedef struct esp_walk {
  int32_t rank, operands;
  const int64_t *dims;
  const int64_t *strides[ESP_MAX_OPERANDS];
  int64_t coordinate[ESP_MAX_CONTRACT_RANK];
  int64_t offset[ESP_MAX_OPERANDS];
} esp_walk;

/// Sets coordinates and offsets to the row-major flat index. Rank 0 has the one place 0.
void esp_walk_start(esp_walk *, int64_t flat);

/// Moves on by `count` places, no farther than to the end of the last axis.
static inline void esp_walk_advance(esp_walk *walk, int64_t count) {
  int32_t axis = walk->rank - 1;
  if (axis < 0) return;
  walk->coordinate[axis] += count;
  for (int32_t o = 0; o < walk->operands; o++) walk->offset[o] += count * walk->strides[o][axis];
  while (axis > 0 && walk->coordinate[axis] >= walk->dims[axis]) {
    walk->coordinate[axis] -= walk->dims[axis];
    walk->coordinate[axis - 1]++;
    for (int32_t o = 0; o < walk->operands; o++) {
      walk->offset[o] += walk->strides[o][axis - 1] - walk->dims[axis] * walk->strides[o][axis];
    }
    axis--;
  }
}

/// The value of any f32 unary function, one element at a time.
float esp_unary_value(esp_unary_kind, float a, float b, float x);
/// The same of many. Not where vectors are: another loop beside theirs takes a register from them.
void esp_unary_values(const esp_unary *, const float *x, float *y, int64_t count);

/// Declares one run function per instruction set this architecture has; ESP_PICK chooses.
#if defined(__x86_64__)
#define ESP_DECLARE(name)                                                         \
  void name##__scalar(const void *, int64_t, int64_t, esp_worker *);              \
  void name##__avx2(const void *, int64_t, int64_t, esp_worker *);                \
  void name##__avx512(const void *, int64_t, int64_t, esp_worker *)
#define ESP_PICK(isa, name)                                                       \
  ((isa) == ESP_ISA_AVX512 ? name##__avx512                                       \
                           : (isa) == ESP_ISA_AVX2 ? name##__avx2 : name##__scalar)
#elif defined(__aarch64__)
#define ESP_DECLARE(name)                                                         \
  void name##__scalar(const void *, int64_t, int64_t, esp_worker *);              \
  void name##__neon(const void *, int64_t, int64_t, esp_worker *)
#define ESP_PICK(isa, name) ((isa) == ESP_ISA_NEON ? name##__neon : name##__scalar)
#else
#define ESP_DECLARE(name) void name##__scalar(const void *, int64_t, int64_t, esp_worker *)
#define ESP_PICK(isa, name) ((void)(isa), name##__scalar)
#endif

ESP_DECLARE(esp_unary_run);
ESP_DECLARE(esp_binary_run);
ESP_DECLARE(esp_softmax_run);
ESP_DECLARE(esp_normalize_run);
ESP_DECLARE(esp_pool_run);
ESP_DECLARE(esp_copy_run);
ESP_DECLARE(esp_reduce_run);
ESP_DECLARE(esp_recurrent_run);
ESP_DECLARE(esp_resample_run);

#endif
