// Linear layers: tiles of tokens times panels of output features; few tokens, or weights packed by
// rows or quads, take matrix times vector instead.
//
// Tokens come one behind the other, so a tile is packed by transposing it, and results are
// transposed back a few rows at a time, while they are in cache.
#include <math.h>

#include "esp_sequence.h"
#include "esp_weight_plan.h"

/// Fewer tokens than this leave most lanes of a tile empty.
enum { TILE_TOKENS = 8, ITEMS = 32, SUM_ROWS = 32 };

typedef struct esp_linear_plan {
  esp_linear l;
  esp_weight_plan weight;
  /// Matrix times vector instead of tiles.
  int32_t vector;
  /// Tiles: panels whose results are transposed together.
  int32_t together;
  /// Panels of one work item (for vectors: lists of panels), and such chunks.
  int32_t chunk, chunks;
  size_t tile_floats, worker_bytes;
} esp_linear_plan;

static int32_t divide_up(int32_t a, int32_t b) { return (a + b - 1) / b; }

/// What work items are counted in: panels, or for vectors groups of panels that share a list.
static int32_t units(const esp_linear_plan *plan) {
  const esp_weight *w = &plan->l.weight;
  const int32_t panels = plan->weight.panels_per_group;
  return plan->vector && w->counts && w->packing == ESP_PACKING_PANELS
             ? (panels - 1) / w->panels_per_list + 1  // a list may claim up to 2^31 - 1 panels
             : panels;
}

static size_t lay_out(const esp_linear *l, esp_isa isa, esp_linear_plan **placed,
                      esp_linear_plan *plan, void *memory) {
  uintptr_t at = (uintptr_t)memory;
  *placed = esp_take(&at, sizeof *plan);
  *plan = (esp_linear_plan){.l = *l};
  esp_weight_plan *w = &plan->weight;
  *w = esp_weight_plan_of(&l->weight, &l->epilogue, isa);
  const esp_packing packing = l->weight.packing;
  plan->vector = packing == ESP_PACKING_ROWS || packing == ESP_PACKING_QUADS ||
                 (packing == ESP_PACKING_PANELS && l->tokens < TILE_TOKENS);
  if (plan->vector) {
    const int32_t count = units(plan);
    plan->chunk = divide_up(count, count < ITEMS ? count : ITEMS);
    plan->chunks = divide_up(count, plan->chunk);
  } else {
    esp_weight_plan_tile(w, l->tokens, 0);
    plan->chunk = esp_weight_plan_chunk(w, w->tiling.tiles);
    plan->chunks = divide_up(w->panels_per_group, plan->chunk);
    plan->together = w->blocks > 1 ? esp_weight_plan_together(w) : SUM_ROWS / w->height;
    plan->together = divide_up(plan->together, w->unit) * w->unit;
    const size_t step = (size_t)w->tiling.step;
    plan->tile_floats = (size_t)(w->whole ? l->in_features : w->block) * step;
    // Sums between blocks and results waiting to be transposed are the same memory.
    plan->worker_bytes = (plan->tile_floats + (size_t)(plan->together * w->height) * step) *
                         sizeof(float);
  }
  esp_weight_plan_lay_out(w, &at);
  return at - (uintptr_t)memory;
}

/// Items are [tile of tokens][chunk of panels].
static void run_tiles(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  const esp_linear_plan *plan = arguments;
  const esp_linear *l = &plan->l;
  const esp_weight_plan *w = &plan->weight;
  const esp_pack_kernels *pack = w->set->pack;
  const int32_t step = w->tiling.step, in = l->in_features, out = l->out_features;
  float *tile = worker->scratch, *sums = tile + plan->tile_floats;
  int64_t packed = -1;
  for (int64_t item = first; item < last; item++) {
    const int64_t place = item / plan->chunks;
    int32_t token, tokens;
    esp_tile_at(&w->tiling, (int32_t)place, &token, &tokens);
    const float *x = l->x + (int64_t)token * in;
    const int32_t from = (int32_t)(item % plan->chunks) * plan->chunk;
    const int32_t to =
        w->panels_per_group - from < plan->chunk ? w->panels_per_group : from + plan->chunk;
    for (int32_t p = from; p < to; p += plan->together) {
      const int32_t end = to - p < plan->together ? to : p + plan->together;
      const esp_tile_job job = {
          .plan = w, .columns = tokens,
          .x = tile,
          .y = sums, .y_stride = step,
          .low = -INFINITY, .high = INFINITY,
          .padded = 1,
          .partial = sums,
      };
      if (w->whole && packed != place) {
        pack->transposed(tile, step, x, in, in, tokens, 1.0f);
        packed = place;
      }
      for (int32_t block = 0; block < w->blocks; block++) {
        if (!w->whole) {
          pack->transposed(tile, step, x + block * w->block, in, esp_block_size(w, block), tokens,
                           1.0f);
        }
        esp_tile_run(&job, p, end, block);
      }
      const int32_t row = p * w->height, most = (end - p) * w->height;
      const int32_t rows = out - row < most ? out - row : most;
      const int64_t y = (int64_t)token * out + row;
      pack->finish_transposed(sums, step, rows, tokens, l->y + y, out,
                              l->epilogue.residual ? l->epilogue.residual + y : 0, &l->epilogue);
    }
  }
}

/// Adds what the epilogue adds to `rows` sums of one token, and stores them.
static void finish_vector(const esp_linear_plan *plan, const float *sums, int32_t token,
                          int32_t row, int32_t rows) {
  const esp_linear *l = &plan->l;
  const esp_epilogue *e = &l->epilogue;
  if (rows > l->out_features - row) rows = l->out_features - row;
  const int64_t at = (int64_t)token * l->out_features + row;
  float *y = l->y + at;
  const float *start = plan->weight.start + row;
  if (e->residual) {
    for (int32_t i = 0; i < rows; i++) y[i] = sums[i] + start[i] + e->residual[at + i];
  } else {
    for (int32_t i = 0; i < rows; i++) y[i] = sums[i] + start[i];
  }
  if (e->activation) plan->weight.set->pack->activate(y, 0, 1, rows, e);
}

/// Multiplies panels first ..< last of quads with all tokens, two at a time.
static void run_quads(const esp_linear_plan *plan, int64_t first, int64_t last) {
  const esp_linear *l = &plan->l;
  float sums[2 * 16];
  for (int64_t p = first; p < last; p++) {
    const esp_panel_entry *entry = &plan->weight.entries[p];
    for (int32_t t = 0, together; t < l->tokens; t += together) {
      together = l->tokens - t >= 2 ? 2 : 1;
      const esp_quads_call call = {
          .values = l->weight.values + entry->value,
          .columns = l->in_features,
          .x = l->x + (int64_t)t * l->in_features,
          .x_step = l->in_features,
          .sums = sums,
      };
      plan->weight.set->matvec->quads[entry->count - 1][together - 1](&call);
      for (int32_t i = 0; i < together; i++) {
        finish_vector(plan, sums + i * 16, t + i, (int32_t)p * 16, 16);
      }
    }
  }
}

/// Items are chunks of lists (sparse panels), of panels (dense) or of panels by rows or quads.
static void run_vectors(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)worker;
  const esp_linear_plan *plan = arguments;
  const esp_linear *l = &plan->l;
  const esp_weight_plan *w = &plan->weight;
  const esp_weight *weight = &l->weight;
  const esp_matvec_kernels *kernels = plan->weight.set->matvec;
  const int32_t h = w->height, panels = w->panels_per_group;
  enum { TOGETHER = 8 };
  float sums[TOGETHER * 16];
  const int32_t share = weight->counts && weight->packing == ESP_PACKING_PANELS
                            ? weight->panels_per_list : 1;
  int64_t begin = first * plan->chunk * share, end = last * plan->chunk * share;
  if (end > panels) end = panels;
  if (weight->packing == ESP_PACKING_QUADS) {
    run_quads(plan, begin, end);
    return;
  }
  if (weight->packing == ESP_PACKING_ROWS) {
    for (int64_t p = begin; p < end; p++) {
      const esp_panel_entry *entry = &w->entries[p];
      for (int32_t t = 0; t < l->tokens; t++) {
        kernels->rows(weight->values + entry->value, weight->column + entry->value, entry->count,
                      l->x + (int64_t)t * l->in_features, sums);
        finish_vector(plan, sums, t, (int32_t)p * 16, 16);
      }
    }
    return;
  }
  for (int64_t p = begin; p < end;) {
    // Panels that read the same entries of x: of one list, or any where dense.
    const int64_t shared = weight->counts ? (p / share + 1) * share : end;
    int64_t stop = p + TOGETHER;
    if (stop > shared) stop = shared;
    if (stop > end) stop = end;
    const esp_panel_entry *entry = &w->entries[p];
    for (int32_t t = 0; t < l->tokens; t++) {
      const esp_matvec_call call = {
          .weights = weight->values + entry->value,
          .panel_step = (ptrdiff_t)entry->count * h,
          .columns = weight->counts ? weight->column + entry->offset : 0,
          .count = entry->count,
          .panels = (int32_t)(stop - p),
          .x = l->x + (int64_t)t * l->in_features,
          .sums = sums,
      };
      kernels->panels[h == 8 ? 3 : h == 4 ? 2 : h == 2 ? 1 : 0](&call);
      finish_vector(plan, sums, t, (int32_t)p * h, (int32_t)(stop - p) * h);
    }
    p = stop;
  }
}

static void fill_rows(esp_weight_plan *plan) {
  int64_t value = 0;
  for (int32_t p = 0; p < plan->panels_per_group; p++) {
    const int32_t count = (int32_t)plan->weight.counts[p];
    plan->entries[p] = (esp_panel_entry){value, value, count};
    value += (int64_t)count * 16;
  }
}

/// Entries of panels of quads; their count is that of the columns stored of each four.
static void fill_quads(esp_weight_plan *plan) {
  int64_t value = 0;
  const int64_t quads = divide_up(plan->weight.columns, 4);
  for (int32_t p = 0; p < plan->panels_per_group; p++) {
    const int32_t count = (int32_t)plan->weight.counts[p], block = 16 / count;
    plan->entries[p] = (esp_panel_entry){value, 0, count};
    value += (quads * count + (quads + block - 1) / block) * 16;
  }
}

esp_requirements esp_linear_requirements(const esp_linear *l, esp_isa isa) {
  if (esp_is_sequence(l)) return esp_sequence_requirements(l, isa);
  esp_linear_plan plan, *placed;
  esp_requirements r = {0};
  r.plan_bytes = lay_out(l, isa, &placed, &plan, 0);
  r.worker_bytes = plan.worker_bytes;
  return r;
}

int esp_linear_prepare(const esp_linear *l, esp_isa isa, void *memory, void *shared,
                       esp_task tasks[2], const char **kernel) {
  if (esp_is_sequence(l)) return esp_sequence_prepare(l, isa, memory, shared, tasks, kernel);
  esp_linear_plan plan, *placed;
  lay_out(l, isa, &placed, &plan, memory);
  // Matrix times vector reads the columns themselves, but takes the entries.
  esp_weight_plan_fill(&plan.weight, l->epilogue.bias, 0);
  if (l->weight.packing == ESP_PACKING_ROWS) fill_rows(&plan.weight);
  if (l->weight.packing == ESP_PACKING_QUADS) fill_quads(&plan.weight);
  *placed = plan;
  const int sparse = l->weight.counts != 0;
  if (l->weight.packing == ESP_PACKING_PATTERN_GROUPS) {
    *kernel = "linear.patterns";
  } else if (l->weight.packing == ESP_PACKING_ROW_PAIRS) {
    *kernel = "linear.pairs";
  } else if (l->weight.packing == ESP_PACKING_ROWS) {
    *kernel = "vector.rows";
  } else if (l->weight.packing == ESP_PACKING_QUADS) {
    *kernel = "vector.quads";
  } else if (plan.vector) {
    *kernel = sparse ? "vector.sparse" : "vector.dense";
  } else {
    *kernel = sparse ? "linear.sparse" : "linear.dense";
  }
  tasks[0] = plan.vector
                 ? (esp_task){.run = run_vectors, .arguments = placed, .items = plan.chunks}
                 : (esp_task){.run = run_tiles,
                              .arguments = placed,
                              .items = (int64_t)plan.weight.tiling.tiles * plan.chunks};
  return 1;
}
