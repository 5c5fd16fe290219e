// Products of two matrices computed at run time: attention, above all.
//
// B is packed for a run of columns and all of k, A eight rows at a time; the panel micro-kernels do
// the rest. Work items are [batch][run of columns][chunk of row panels].
#include <math.h>

#include "../contraction/esp_prepared_weight.h"
#include "../pack/esp_pack.h"
#include "../panel/esp_panel.h"
#include "esp_product.h"

enum { HEIGHT = 8, ITEMS = 32, RUN_BYTES = 384 << 10 };

typedef struct esp_prepared_product {
  esp_matrix_product m;
  const esp_kernel_set *set;
  const esp_panel_shape *shape;
  esp_tiling tiling;
  /// Tiles of one run of columns, and such runs.
  int32_t run, runs;
  int32_t panels, chunk, chunks;
  /// Offsets of k in a packed tile; for reading B's rows in order to pack them.
  int32_t *offsets, *row_offsets;
  float *zeros;
  float low, high;
  int32_t activates;
  size_t b_bytes, worker_bytes;
} esp_prepared_product;

static int32_t divide_up(int64_t a, int64_t b) { return (int32_t)((a + b - 1) / b); }

static size_t lay_out(const esp_matrix_product *m, const esp_kernel_set *set,
                      esp_prepared_product **placed, esp_prepared_product *prepared, void *memory) {
  uintptr_t at = (uintptr_t)memory;
  *placed = esp_take(&at, sizeof *prepared);
  *prepared = (esp_prepared_product){.m = *m, .set = set};
  prepared->shape = &prepared->set->panel->shape[3];
  prepared->tiling =
      esp_tiling_of(m->n, prepared->set->width, prepared->shape->vectors,
                    prepared->shape->one_more ? ESP_PANEL_WHOLE : 0, HEIGHT);
  const size_t tile = (size_t)m->k * (size_t)prepared->tiling.pitch * sizeof(float);
  prepared->run = tile == 0 || RUN_BYTES / tile > (size_t)prepared->tiling.tiles
                  ? prepared->tiling.tiles
                  : (int32_t)(RUN_BYTES / tile);
  if (prepared->run < 1) prepared->run = 1;
  prepared->runs = divide_up(prepared->tiling.tiles, prepared->run);
  prepared->panels = divide_up(m->m, HEIGHT);
  int64_t chunks = divide_up(ITEMS, (int64_t)m->batch * prepared->runs);
  if (chunks > prepared->panels) chunks = prepared->panels;
  prepared->chunk = divide_up(prepared->panels, chunks);
  prepared->chunks = divide_up(prepared->panels, prepared->chunk);
  prepared->offsets = esp_take(&at, (size_t)m->k * sizeof(int32_t));
  prepared->row_offsets = esp_take(&at, (size_t)m->k * sizeof(int32_t));
  prepared->zeros = esp_take(&at, HEIGHT * sizeof(float));
  prepared->b_bytes = (size_t)prepared->run * tile;
  // A is packed by whole squares of the vector width.
  prepared->worker_bytes = prepared->b_bytes + (size_t)m->k * 16 * sizeof(float);
  return at - (uintptr_t)memory;
}

static void pack_b(const esp_prepared_product *prepared, const float *b, int32_t run, float *to) {
  const esp_matrix_product *m = &prepared->m;
  const esp_pack_kernels *pack = prepared->set->pack;
  const int32_t pitch = prepared->tiling.pitch;
  for (int32_t t = run * prepared->run; t < (run + 1) * prepared->run && t < prepared->tiling.tiles;
       t++) {
    int32_t column, columns;
    esp_tile_at(&prepared->tiling, t, &column, &columns);
    if (m->transpose_b) {
      pack->transposed(to, pitch, b + (int64_t)column * m->k, m->k, m->k, columns, 1.0f);
    } else {
      pack->rows(to, pitch, b + column, prepared->row_offsets, m->k, columns);
    }
    to += (int64_t)m->k * pitch;
  }
}

/// to[k][16] = scale * rows row ... row + 7 of A.
static void pack_a(const esp_prepared_product *prepared, const float *a, int32_t row, int32_t rows,
                   float *to) {
  const esp_matrix_product *m = &prepared->m;
  if (!m->transpose_a) {
    prepared->set->pack->transposed(to, 16, a + (int64_t)row * m->k, m->k, m->k, rows, m->scale);
    return;
  }
  for (int32_t k = 0; k < m->k; k++) {
    const float *from = a + (int64_t)k * m->m + row;
    for (int32_t i = 0; i < rows; i++) to[k * 16 + i] = from[i] * m->scale;
    for (int32_t i = rows; i < HEIGHT; i++) to[k * 16 + i] = 0;
  }
}

static void run_items(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  const esp_prepared_product *prepared = arguments;
  const esp_matrix_product *m = &prepared->m;
  const int32_t width = prepared->set->width, pitch = prepared->tiling.pitch;
  float *tiles = worker->scratch, *panel = tiles + prepared->b_bytes / sizeof(float);
  int64_t packed = -1;
  for (int64_t item = first; item < last; item++) {
    const int64_t place = item / prepared->chunks, batch = place / prepared->runs;
    const int32_t run = (int32_t)(place % prepared->runs);
    if (packed != place) {
      pack_b(prepared, m->b + m->b_offsets[batch], run, tiles);
      packed = place;
    }
    const int32_t from = (int32_t)(item % prepared->chunks) * prepared->chunk;
    int32_t to = from + prepared->chunk;
    if (to > prepared->panels) to = prepared->panels;
    for (int32_t p = from; p < to; p++) {
      const int32_t row = p * HEIGHT, rows = m->m - row < HEIGHT ? m->m - row : HEIGHT;
      pack_a(prepared, m->a + m->a_offsets[batch], row, rows, panel);
      const float *tile = tiles;
      for (int32_t t = run * prepared->run;
           t < (run + 1) * prepared->run && t < prepared->tiling.tiles; t++) {
        int32_t column, columns;
        esp_tile_at(&prepared->tiling, t, &column, &columns);
        const int64_t at = (batch * m->m + row) * m->n + column;
        for (int32_t part = 0; part < rows; part += prepared->shape->rows) {
          const int32_t left = rows - part;
          const int64_t c = at + (int64_t)part * m->n;
          const esp_panel_call call = {
              .weights = panel + part,
              .weight_stride = 16,
              .x = tile,
              .offsets = prepared->offsets,
              .count = m->k,
              .rows = left < prepared->shape->rows ? left : prepared->shape->rows,
              .columns = columns,
              .start = prepared->zeros,
              .first = 1,
              .last = 1,
              .y = m->c + c,
              .y_stride = m->n,
              .residual = m->epilogue.residual ? m->epilogue.residual + c : 0,
              .low = prepared->low,
              .high = prepared->high,
              .padded = 1,
          };
          esp_panel_for(prepared->shape, columns, width)(&call);
        }
        if (prepared->activates) {
          prepared->set->pack->activate(m->c + at, m->n, rows, columns, &m->epilogue);
        }
        tile += (int64_t)m->k * pitch;
      }
    }
  }
}

esp_requirements esp_product_requirements(const esp_matrix_product *m, const esp_kernel_set *set) {
  esp_prepared_product prepared, *placed;
  esp_requirements r = {0};
  r.prepared_bytes = lay_out(m, set, &placed, &prepared, 0);
  r.worker_bytes = prepared.worker_bytes;
  return r;
}

int esp_product_prepare(const esp_matrix_product *m, const esp_kernel_set *set, void *memory,
                        esp_task tasks[2], const char **kernel) {
  esp_prepared_product prepared, *placed;
  lay_out(m, set, &placed, &prepared, memory);
  for (int32_t k = 0; k < m->k; k++) {
    prepared.offsets[k] = k * prepared.tiling.pitch;
    prepared.row_offsets[k] = k * m->n;
  }
  for (int32_t i = 0; i < HEIGHT; i++) prepared.zeros[i] = 0;
  const esp_activation f = m->epilogue.activation;
  prepared.low = f == ESP_ACTIVATION_RELU   ? 0
                 : f == ESP_ACTIVATION_CLIP ? m->epilogue.a
                                            : -INFINITY;
  prepared.high = f == ESP_ACTIVATION_CLIP ? m->epilogue.b : INFINITY;
  prepared.activates = f > ESP_ACTIVATION_CLIP;
  *placed = prepared;
  *kernel = "product";
  tasks[0] = (esp_task){
      .run = run_items,
      .arguments = placed,
      .items = (int64_t)m->batch * prepared.runs * prepared.chunks};
  return 1;
}
