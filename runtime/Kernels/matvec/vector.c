// Matrix times vector: linear layers over few tokens, and weights packed by rows or quads.
#include "../contraction/esp_weight_plan.h"
#include "../pack/esp_pack.h"
#include "esp_matvec.h"
#include "esp_vector.h"

/// Fewer tokens than this leave most lanes of a tile empty.
enum { TILE_TOKENS = 8, ITEMS = 32 };

typedef struct esp_vector_plan {
  esp_linear l;
  esp_weight_plan weight;
  /// Lists of panels, or panels, of one work item, and such chunks.
  int32_t chunk, chunks;
} esp_vector_plan;

static int32_t divide_up(int32_t a, int32_t b) { return (a + b - 1) / b; }

int esp_is_vector(const esp_linear *l) {
  const esp_packing packing = l->weight.packing;
  return packing == ESP_PACKING_ROWS || packing == ESP_PACKING_QUADS ||
         (packing == ESP_PACKING_PANELS && l->tokens < TILE_TOKENS);
}

static size_t lay_out(const esp_linear *l, const esp_kernel_set *set, esp_vector_plan **placed,
                      esp_vector_plan *plan, void *memory) {
  uintptr_t at = (uintptr_t)memory;
  *placed = esp_take(&at, sizeof *plan);
  *plan = (esp_vector_plan){.l = *l, .weight = esp_weight_plan_of(&l->weight, &l->epilogue, set)};
  const esp_weight *w = &l->weight;
  const int32_t panels = plan->weight.panels_per_group;
  const int32_t count = w->counts && w->packing == ESP_PACKING_PANELS
                            ? (panels - 1) / w->panels_per_list + 1  // may claim up to 2^31 - 1
                            : panels;
  plan->chunk = divide_up(count, count < ITEMS ? count : ITEMS);
  plan->chunks = divide_up(count, plan->chunk);
  esp_weight_plan_lay_out(&plan->weight, &at);
  return at - (uintptr_t)memory;
}

/// Adds what the epilogue adds to `rows` sums of one token, and stores them.
static void finish_vector(const esp_vector_plan *plan, const float *sums, int32_t token,
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
static void run_quads(const esp_vector_plan *plan, int64_t first, int64_t last) {
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
  const esp_vector_plan *plan = arguments;
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

esp_requirements esp_vector_requirements(const esp_linear *l, const esp_kernel_set *set) {
  esp_vector_plan plan, *placed;
  return (esp_requirements){.plan_bytes = lay_out(l, set, &placed, &plan, 0)};
}

int esp_vector_prepare(const esp_linear *l, const esp_kernel_set *set, void *memory,
                       esp_task tasks[2], const char **kernel) {
  esp_vector_plan plan, *placed;
  lay_out(l, set, &placed, &plan, memory);
  // Kernels read the columns themselves, but drivers take the entries.
  esp_weight_plan_fill(&plan.weight, l->epilogue.bias, 0);
  if (l->weight.packing == ESP_PACKING_ROWS) fill_rows(&plan.weight);
  if (l->weight.packing == ESP_PACKING_QUADS) fill_quads(&plan.weight);
  *placed = plan;
  *kernel = l->weight.packing == ESP_PACKING_ROWS    ? "vector.rows"
            : l->weight.packing == ESP_PACKING_QUADS ? "vector.quads"
            : l->weight.counts                       ? "vector.sparse"
                                                     : "vector.dense";
  tasks[0] = (esp_task){.run = run_vectors, .arguments = placed, .items = plan.chunks};
  return 1;
}
