// Packs dense weights where only C runs, as Sources/ModelFile/Packings specifies; a test on the host
// unpacks them.
#ifndef PACKING_H
#define PACKING_H

#include "CEspalierKernels.h"
#include "guarded.h"

/// A weight and the memory it points to.
typedef struct {
  esp_weight weight;
  guarded values, counts, column, stream, transformed;
} packed_weight;

/// How a test weight is pruned and stored: those before STORE_DEPTHWISE are of linear layers, from
/// STORE_SLICED_ELLPACK on of few tokens.
typedef enum {
  STORE_DENSE,
  STORE_SHARED,      // rows of a panel (and of panels_per_list panels) share columns
  STORE_PATTERNS,
  STORE_PAIRS,       // panels_per_list is the number of pairs in a band
  STORE_SLICED_ELLPACK,
  STORE_N_OF_FOUR,
  STORE_BITMAP,
  STORE_DEPTHWISE,
  STORE_WINOGRAD_2,  // 3 x 3 taps, one group
  STORE_WINOGRAD_4,
  STORE_KINDS,
} store_kind;

/// Sets elements of dense [rows][columns] to zero so that `kind` can hold it; about `keep` percent
/// stay; of quads as many of every four columns.
void prune_for(store_kind kind, float *dense, int32_t rows, int32_t columns, int32_t groups,
               int32_t height, int32_t panels_per_list, int32_t keep, random_source *);

packed_weight pack_weight(store_kind kind, const float *dense, int32_t rows, int32_t columns,
                          int32_t groups, int32_t height, int32_t panels_per_list,
                          int32_t column_block, int at_start);
int packed_free(packed_weight *);

#endif
