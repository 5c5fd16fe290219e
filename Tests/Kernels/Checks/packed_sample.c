#include <stdlib.h>

#include "CEspalierKernelChecks.h"
#include "packing.h"
#include "running.h"

int esp_check_store_kinds(void) { return STORE_KINDS; }

void esp_check_pack(int kind, const esp_weight *shape, int32_t keep, uint32_t seed,
                    void (*take)(void *context, const float *dense, const esp_weight *packed),
                    void *context) {
  random_source r = {seed};
  const int64_t count = (int64_t)shape->rows * shape->columns;
  guarded memory = guarded_make((size_t)count * sizeof(float), 0);
  float *dense = (float *)memory.memory;
  fill_random(dense, count, 1, &r);
  prune_for((store_kind)kind, dense, shape->rows, shape->columns, shape->groups,
            shape->panel_height, shape->panels_per_list, keep, &r);
  packed_weight packed =
      pack_weight((store_kind)kind, dense, shape->rows, shape->columns, shape->groups,
                  shape->panel_height, shape->panels_per_list, shape->column_block, 0);
  take(context, dense, &packed.weight);
  packed_free(&packed);
  guarded_free(&memory);
}
