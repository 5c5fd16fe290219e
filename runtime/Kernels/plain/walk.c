#include "plain.h"

void esp_merge_axes(int32_t *rank, int64_t *dims, int32_t operands, int64_t *const *strides) {
  int32_t kept = 0;
  for (int32_t axis = 0; axis < *rank; axis++) {
    if (dims[axis] == 1) continue;
    bool merges = kept > 0;
    for (int32_t o = 0; o < operands && merges; o++) {
      merges = strides[o][kept - 1] == strides[o][axis] * dims[axis];
    }
    if (merges) {
      dims[kept - 1] *= dims[axis];
    } else {
      dims[kept++] = dims[axis];
    }
    for (int32_t o = 0; o < operands; o++) strides[o][kept - 1] = strides[o][axis];
  }
  if (kept == 0) {
    // A single element: stride 1 lets it take the dense paths.
    dims[kept++] = 1;
    for (int32_t o = 0; o < operands; o++) strides[o][0] = 1;
  }
  *rank = kept;
}

void esp_walk_start(esp_walk *walk, int64_t flat) {
  for (int32_t o = 0; o < walk->operands; o++) walk->offset[o] = 0;
  for (int32_t axis = walk->rank - 1; axis >= 0; axis--) {
    int64_t extent = walk->dims[axis];
    walk->coordinate[axis] = extent > 0 ? flat % extent : 0;
    flat = extent > 0 ? flat / extent : 0;
    for (int32_t o = 0; o < walk->operands; o++) {
      walk->offset[o] += walk->coordinate[axis] * walk->strides[o][axis];
    }
  }
}
