// Matrix times vector: linear layers over few tokens, and weights packed for them alone.
#include "../contraction/esp_prepared_weight.h"
#include "../pack/esp_pack.h"
#include "esp_matvec.h"
#include "esp_vector.h"

/// Fewer tokens than this leave most lanes of a tile empty.
enum { TILE_TOKENS = 8, ITEMS = 32 };

typedef struct esp_prepared_vector {
  esp_linear l;
  esp_prepared_weight weight;
  /// Lists of panels, or panels, of one work item, and such chunks.
  int32_t chunk, chunks;
} esp_prepared_vector;

static int32_t divide_up(int32_t a, int32_t b) { return (a + b - 1) / b; }

int esp_is_vector(const esp_linear *l) {
  return l->weight.panel_height == ESP_VECTOR_HEIGHT ||
         (l->weight.packing == ESP_PACKING_PANELS && l->tokens < TILE_TOKENS);
}

static size_t lay_out(const esp_linear *l, const esp_kernel_set *set, esp_prepared_vector **placed,
                      esp_prepared_vector *prepared, void *memory) {
  uintptr_t at = (uintptr_t)memory;
  *placed = esp_take(&at, sizeof *prepared);
  *prepared = (esp_prepared_vector){
      .l = *l, .weight = esp_prepared_weight_of(&l->weight, &l->epilogue, set)};
  const esp_weight *w = &l->weight;
  const int32_t panels = prepared->weight.panels_per_group;
  const int32_t count = w->counts && w->packing == ESP_PACKING_PANELS
                            ? (panels - 1) / w->panels_per_list + 1  // may claim up to 2^31 - 1
                            : panels;
  prepared->chunk = divide_up(count, count < ITEMS ? count : ITEMS);
  prepared->chunks = divide_up(count, prepared->chunk);
  esp_prepared_weight_lay_out(&prepared->weight, &at);
  return at - (uintptr_t)memory;
}

/// Adds what the epilogue adds to `rows` sums of one token, and stores them.
static void finish_vector(const esp_prepared_vector *prepared, const float *sums, int32_t token,
                          int32_t row, int32_t rows) {
  const esp_linear *l = &prepared->l;
  const esp_epilogue *e = &l->epilogue;
  if (rows > l->out_features - row) rows = l->out_features - row;
  const int64_t at = (int64_t)token * l->out_features + row;
  float *y = l->y + at;
  const float *start = prepared->weight.start + row;
  if (e->residual) {
    for (int32_t i = 0; i < rows; i++) y[i] = sums[i] + start[i] + e->residual[at + i];
  } else {
    for (int32_t i = 0; i < rows; i++) y[i] = sums[i] + start[i];
  }
  if (e->activation) prepared->weight.set->pack->activate(y, 0, 1, rows, e);
}

/// Multiplies panels first ..< last of quads with all tokens, two at a time.
static void run_n_of_four(const esp_prepared_vector *prepared, int64_t first, int64_t last) {
  const esp_linear *l = &prepared->l;
  float sums[2 * 16];
  for (int64_t p = first; p < last; p++) {
    const esp_panel_entry *entry = &prepared->weight.entries[p];
    for (int32_t t = 0, together; t < l->tokens; t += together) {
      together = l->tokens - t >= 2 ? 2 : 1;
      const esp_n_of_four_call call = {
          .values = esp_weight_floats(&l->weight) + entry->value,
          .columns = l->in_features,
          .x = l->x + (int64_t)t * l->in_features,
          .x_stride = l->in_features,
          .sums = sums,
      };
      prepared->weight.set->matvec->n_of_four[entry->count - 1][together - 1](&call);
      for (int32_t i = 0; i < together; i++) {
        finish_vector(prepared, sums + i * 16, t + i, (int32_t)p * 16, 16);
      }
    }
  }
}

/// Items are chunks of lists (sparse panels), or of panels (dense, or of 16 rows).
static void run_vectors(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)worker;
  const esp_prepared_vector *prepared = arguments;
  const esp_linear *l = &prepared->l;
  const esp_prepared_weight *w = &prepared->weight;
  const esp_weight *weight = &l->weight;
  const esp_matvec_kernels *kernels = prepared->weight.set->matvec;
  const int32_t h = w->height, panels = w->panels_per_group;
  enum { TOGETHER = 8 };
  float sums[TOGETHER * 16];
  const int32_t share = weight->counts && weight->packing == ESP_PACKING_PANELS
                            ? weight->panels_per_list : 1;
  int64_t begin = first * prepared->chunk * share, end = last * prepared->chunk * share;
  if (end > panels) end = panels;
  if (weight->packing == ESP_PACKING_N_OF_FOUR) {
    run_n_of_four(prepared, begin, end);
    return;
  }
  if (h == ESP_VECTOR_HEIGHT) {
    for (int64_t p = begin; p < end; p++) {
      const esp_panel_entry *entry = &w->entries[p];
      const float *values = esp_weight_floats(weight) + entry->value;
      for (int32_t t = 0; t < l->tokens; t++) {
        const float *x = l->x + (int64_t)t * l->in_features;
        if (weight->packing == ESP_PACKING_BITMAP) {
          kernels->bitmap(values, weight->stream + entry->offset, entry->count, x, sums);
        } else {
          kernels->sliced_ellpack(values, weight->column + entry->offset, entry->count, x, sums);
        }
        finish_vector(prepared, sums, t, (int32_t)p * h, h);
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
          .weights = esp_weight_floats(weight) + entry->value,
          .panel_stride = (ptrdiff_t)entry->count * h,
          .columns = weight->counts ? weight->column + entry->offset : 0,
          .count = entry->count,
          .panels = (int32_t)(stop - p),
          .x = l->x + (int64_t)t * l->in_features,
          .sums = sums,
      };
      kernels->panels[h == 8 ? 3 : h == 4 ? 2 : h == 2 ? 1 : 0](&call);
      finish_vector(prepared, sums, t, (int32_t)p * h, (int32_t)(stop - p) * h);
    }
    p = stop;
  }
}

static void fill_sliced_ellpack(esp_prepared_weight *prepared) {
  int64_t value = 0;
  for (int32_t p = 0; p < prepared->panels_per_group; p++) {
    const int32_t count = (int32_t)prepared->weight.counts[p];
    prepared->entries[p] = (esp_panel_entry){value, value, count};
    value += (int64_t)count * 16;
  }
}

/// Entries of panels of quads; their count is that of the columns stored of each four.
static void fill_n_of_four(esp_prepared_weight *prepared) {
  int64_t value = 0;
  const int64_t quads = divide_up(prepared->weight.columns, 4);
  for (int32_t p = 0; p < prepared->panels_per_group; p++) {
    const int32_t count = (int32_t)prepared->weight.counts[p], block = 16 / count;
    prepared->entries[p] = (esp_panel_entry){value, 0, count};
    value += (quads * count + (quads + block - 1) / block) * 16;
  }
}

/// Entries of panels of a bitmap: their values, their masks, and one mask for each column.
static void fill_bitmap(esp_prepared_weight *prepared) {
  const int32_t columns = prepared->weight.columns;
  int64_t value = 0;
  for (int32_t p = 0; p < prepared->panels_per_group; p++) {
    prepared->entries[p] = (esp_panel_entry){value, (int64_t)p * columns, columns};
    value += prepared->weight.counts[p];
  }
}

esp_requirements esp_vector_requirements(const esp_linear *l, const esp_kernel_set *set) {
  esp_prepared_vector prepared, *placed;
  return (esp_requirements){.prepared_bytes = lay_out(l, set, &placed, &prepared, 0)};
}

int esp_vector_prepare(const esp_linear *l, const esp_kernel_set *set, void *memory,
                       esp_task tasks[2], const char **kernel) {
  esp_prepared_vector prepared, *placed;
  lay_out(l, set, &placed, &prepared, memory);
  // Kernels read the columns themselves, but drivers take the entries.
  esp_prepared_weight_fill(&prepared.weight, l->epilogue.bias, 0);
  if (l->weight.packing == ESP_PACKING_SLICED_ELLPACK) fill_sliced_ellpack(&prepared.weight);
  if (l->weight.packing == ESP_PACKING_N_OF_FOUR) fill_n_of_four(&prepared.weight);
  if (l->weight.packing == ESP_PACKING_BITMAP) fill_bitmap(&prepared.weight);
  *placed = prepared;
  *kernel = l->weight.packing == ESP_PACKING_SLICED_ELLPACK ? "vector.sliced_ellpack"
            : l->weight.packing == ESP_PACKING_N_OF_FOUR    ? "vector.n_of_four"
            : l->weight.packing == ESP_PACKING_BITMAP       ? "vector.bitmap"
            : l->weight.counts                              ? "vector.sparse"
                                                            : "vector.dense";
  tasks[0] = (esp_task){.run = run_vectors, .arguments = placed, .items = prepared.chunks};
  return 1;
}
