// Linear layers by tiles of tokens times panels of output features.
//
// Tokens come one behind the other, so a tile is packed by transposing it, and results are
// transposed back a few rows at a time, while they are in cache.
#include <math.h>

#include "../pack/esp_pack.h"
#include "esp_tiles.h"
#include "esp_prepared_weight.h"

enum { SUM_ROWS = 32 };

typedef struct esp_prepared_linear {
  esp_linear l;
  esp_prepared_weight weight;
  /// Panels whose results are transposed together.
  int32_t together;
  /// Panels of one work item, and such chunks.
  int32_t chunk, chunks;
  size_t tile_floats, worker_bytes;
} esp_prepared_linear;

static int32_t divide_up(int32_t a, int32_t b) { return (a + b - 1) / b; }

static size_t lay_out(const esp_linear *l, const esp_kernel_set *set, esp_prepared_linear **placed,
                      esp_prepared_linear *prepared, void *memory) {
  uintptr_t at = (uintptr_t)memory;
  *placed = esp_take(&at, sizeof *prepared);
  *prepared = (esp_prepared_linear){.l = *l};
  esp_prepared_weight *w = &prepared->weight;
  *w = esp_prepared_weight_of(&l->weight, &l->epilogue, set);
  esp_prepared_weight_tile(w, l->tokens, 0);
  prepared->chunk = esp_prepared_weight_chunk(w, w->tiling.tiles);
  prepared->chunks = divide_up(w->panels_per_group, prepared->chunk);
  prepared->together = w->blocks > 1 ? esp_prepared_weight_together(w) : SUM_ROWS / w->height;
  prepared->together = divide_up(prepared->together, w->unit) * w->unit;
  const size_t pitch = (size_t)w->tiling.pitch;
  prepared->tile_floats = (size_t)(w->whole ? l->in_features : w->block) * pitch;
  // Sums between blocks and results waiting to be transposed are the same memory.
  prepared->worker_bytes =
      (prepared->tile_floats + (size_t)(prepared->together * w->height) * pitch) * sizeof(float);
  esp_prepared_weight_lay_out(w, &at);
  return at - (uintptr_t)memory;
}

/// Items are [tile of tokens][chunk of panels].
static void run_tiles(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  const esp_prepared_linear *prepared = arguments;
  const esp_linear *l = &prepared->l;
  const esp_prepared_weight *w = &prepared->weight;
  const esp_pack_kernels *pack = w->set->pack;
  const int32_t pitch = w->tiling.pitch, in = l->in_features, out = l->out_features;
  float *tile = worker->scratch, *sums = tile + prepared->tile_floats;
  int64_t packed = -1;
  for (int64_t item = first; item < last; item++) {
    const int64_t place = item / prepared->chunks;
    int32_t token, tokens;
    esp_tile_at(&w->tiling, (int32_t)place, &token, &tokens);
    const float *x = l->x + (int64_t)token * in;
    const int32_t from = (int32_t)(item % prepared->chunks) * prepared->chunk;
    const int32_t to =
        w->panels_per_group - from < prepared->chunk ? w->panels_per_group : from + prepared->chunk;
    for (int32_t p = from; p < to; p += prepared->together) {
      const int32_t end = to - p < prepared->together ? to : p + prepared->together;
      const esp_tile_job job = {
          .prepared = w, .columns = tokens,
          .x = tile,
          .y = sums, .y_stride = pitch,
          .low = -INFINITY, .high = INFINITY,
          .padded = 1,
          .partial = sums,
      };
      if (w->whole && packed != place) {
        pack->transposed(tile, pitch, x, in, in, tokens, 1.0f);
        packed = place;
      }
      for (int32_t block = 0; block < w->blocks; block++) {
        if (!w->whole) {
          pack->transposed(tile, pitch, x + block * w->block, in, esp_block_size(w, block), tokens,
                           1.0f);
        }
        esp_tile_run(&job, p, end, block);
      }
      const int32_t row = p * w->height, most = (end - p) * w->height;
      const int32_t rows = out - row < most ? out - row : most;
      const int64_t y = (int64_t)token * out + row;
      pack->finish_transposed(sums, pitch, rows, tokens, l->y + y, out,
                              l->epilogue.residual ? l->epilogue.residual + y : 0, &l->epilogue);
    }
  }
}

esp_requirements esp_tiled_linear_requirements(const esp_linear *l, const esp_kernel_set *set) {
  esp_prepared_linear prepared, *placed;
  esp_requirements r = {0};
  r.prepared_bytes = lay_out(l, set, &placed, &prepared, 0);
  r.worker_bytes = prepared.worker_bytes;
  return r;
}

int esp_tiled_linear_prepare(const esp_linear *l, const esp_kernel_set *set, void *memory,
                             esp_task tasks[2], const char **kernel) {
  esp_prepared_linear prepared, *placed;
  lay_out(l, set, &placed, &prepared, memory);
  esp_prepared_weight_fill(&prepared.weight, l->epilogue.bias, 0);
  *placed = prepared;
  *kernel = l->weight.packing == ESP_PACKING_PATTERN_GROUPS ? "linear.patterns"
            : l->weight.packing == ESP_PACKING_ROW_PAIRS    ? "linear.pairs"
            : l->weight.counts                              ? "linear.sparse"
                                                            : "linear.dense";
  tasks[0] = (esp_task){.run = run_tiles,
                        .arguments = placed,
                        .items = (int64_t)prepared.weight.tiling.tiles * prepared.chunks};
  return 1;
}
