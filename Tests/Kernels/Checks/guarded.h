// Buffers with forbidden pages around them, and random numbers.
#ifndef GUARDED_H
#define GUARDED_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  void *mapping;
  size_t mapping_bytes;
  char *memory;
  size_t bytes;
} guarded;

/// `bytes` bytes, ending right before a forbidden page, or (`at_start`) beginning right after one,
/// filled with not-a-number.
guarded guarded_make(size_t bytes, int at_start);

/// Frees it; returns 0 where bytes beside the buffer, within its pages, were changed.
int guarded_free(guarded *);

typedef struct { uint64_t state; } random_source;
uint32_t random_next(random_source *);
/// In 0 ..< bound.
int32_t random_below(random_source *, int32_t bound);
/// In -1 ..< 1.
float random_float(random_source *);

#endif
