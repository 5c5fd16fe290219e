// What the plain checks share: random cases, guarded buffers, running a task piecemeal, comparing.
#ifndef ESP_PLAIN_SUPPORT_H
#define ESP_PLAIN_SUPPORT_H

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "CEspalierKernels.h"
#include "esp_checks_plain.h"

enum { CHECK_BUFFERS = 24 };

/// A buffer flush with an unreadable page, at its end or at its start.
typedef struct check_buffer {
  uint8_t *pages, *data;
  size_t page_bytes, bytes;
  bool is_input;
} check_buffer;

typedef struct check {
  esp_isa isa;
  uint64_t seed, state;
  char *message;
  size_t capacity;
  int failed;
  int cases;
  int kind;  // of the current case, for the message
  check_buffer buffers[CHECK_BUFFERS];
  int buffer_count;
} check;

check check_begin(esp_isa, uint64_t seed, char *message, size_t capacity);
/// Frees the buffers of the last case; false once something has failed.
bool check_next(check *, int cases);
int check_end(check *);

uint64_t check_random(check *);
/// Uniform in low ... high.
int64_t check_integer(check *, int64_t low, int64_t high);
float check_float(check *, float low, float high);
/// An extent: usually small, sometimes past a vector, a tile or an item.
int64_t check_extent(check *);

/// A buffer that kernels may only read once `check_run` runs; fill it before.
void *check_input(check *, size_t bytes);
/// A buffer for results, filled with rubbish.
void *check_output(check *, size_t bytes);
float *check_floats(check *, int64_t count, float low, float high);
/// Random elements of a type: floats in -4 ... 4, small integers, booleans.
void *check_elements(check *, esp_type, int64_t count);
/// A writable copy of an input, to run in place.
void *check_copy_of(check *, const void *, size_t bytes);

/// Runs the task's items in random pieces, in random order; returns the fault.
int32_t check_run(check *, esp_task, size_t scratch_bytes);

/// Records the first failure, with a printf text.
void check_fail(check *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/// Fails unless |got - want| <= absolute + relative |want|, or both are NaN or the same infinity.
void check_close(check *, const char *what, int64_t at, double got, double want, double relative,
                 double absolute);
/// Fails unless the integers are equal.
void check_equal(check *, const char *what, int64_t at, int64_t got, int64_t want);

static inline size_t check_size(esp_type type) {
  return type == ESP_I64 ? 8 : type == ESP_F32 || type == ESP_I32 ? 4 : 1;
}
double check_real(esp_type, const void *, int64_t at);
int64_t check_whole(esp_type, const void *, int64_t at);

/// Row-major coordinates of a flat index.
static inline void check_coordinates(int rank, const int64_t *dims, int64_t flat, int64_t *at) {
  for (int axis = rank - 1; axis >= 0; axis--) {
    at[axis] = flat % dims[axis];
    flat /= dims[axis];
  }
}
static inline int64_t check_offset(int rank, const int64_t *strides, const int64_t *at) {
  int64_t offset = 0;
  for (int axis = 0; axis < rank; axis++) offset += strides[axis] * at[axis];
  return offset;
}
static inline int64_t check_product(int rank, const int64_t *dims) {
  int64_t product = 1;
  for (int axis = 0; axis < rank; axis++) product *= dims[axis];
  return product;
}
static inline void check_dense(int rank, const int64_t *dims, int64_t *strides) {
  int64_t stride = 1;
  for (int axis = rank - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= dims[axis];
  }
}

#endif
