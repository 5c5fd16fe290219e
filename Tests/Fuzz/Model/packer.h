// The packings' own packers, which are Swift, for mutations, which are C++.
#ifndef ESPALIER_FUZZ_PACKER_H
#define ESPALIER_FUZZ_PACKER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A weight to be packed; the packer may change the cut to one that it takes.
typedef struct fuzz_packing {
  uint8_t packing, encoding;
  int32_t rows, columns, groups, panel_height, panels_per_list, column_block;
  int32_t pattern[3];
  uint64_t nonzero_count;
  /// Share of weights that are kept, in percent.
  uint32_t density;
  uint64_t seed;
} fuzz_packing;

/// Takes what was packed; the lists are lent.
typedef void (*fuzz_take_packed)(void *context, const uint32_t *counts, size_t count_count,
                              const uint32_t *columns, size_t column_count, const uint16_t *stream,
                              size_t stream_count, const uint8_t *values, size_t values_length);

/// Returns 0, and calls nothing, where there is nothing to be packed in this way.
int fuzz_pack(fuzz_packing *packing, fuzz_take_packed take, void *context);

#ifdef __cplusplus
}
#endif
#endif
