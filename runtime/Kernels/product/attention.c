// Attention in one pass: scores, softmax and weighted values of a few queries at a time, which stay
// in the nearest cache; the matrix of scores is never in memory.
//
// Work items are [batch][head][run of query tiles]. A head's keys are packed into panels of 8 keys
// and its values into rows once for a worker's items of that head.
#include <math.h>

#include "../feature/esp_feature.h"
#include "../pack/esp_pack.h"
#include "esp_product.h"

/// Keys of a packed block, which is two panels: whole squares of every vector width.
enum { KEYS = 16, ITEMS = 16 };

typedef struct esp_prepared_attention {
  esp_attention a;
  const esp_kernel_set *set;
  /// Tiles of queries, of a work item, and items of a head.
  int32_t tiles, run, runs;
  /// Floats of a row of packed values, and of scores.
  size_t value_stride, score_stride;
  /// Floats of scratch: keys, values, one tile of queries, its scores, and those transposed.
  size_t keys, values, queries, scores, shares;
} esp_prepared_attention;

static int32_t divide_up(int32_t a, int32_t b) { return (a - 1) / b + 1; }

static size_t round_up(size_t count, size_t unit) { return (count + unit - 1) / unit * unit; }

static esp_prepared_attention prepared_of(const esp_attention *a, const esp_kernel_set *set) {
  esp_prepared_attention prepared = {.a = *a, .set = set};
  const int32_t tokens = prepared.set->feature->tokens;
  const int64_t heads = (int64_t)a->batch * a->heads;
  prepared.tiles = divide_up(a->queries, tokens);
  const int32_t wanted = heads >= ITEMS / 2 ? 1 : divide_up(ITEMS, (int32_t)heads);
  prepared.run = divide_up(prepared.tiles, wanted);
  prepared.runs = divide_up(prepared.tiles, prepared.run);
  const size_t keys = (size_t)a->keys;
  prepared.value_stride = round_up((size_t)a->value_size, ESP_FEATURE_HEIGHT);
  prepared.score_stride = round_up(keys, KEYS);
  prepared.keys = prepared.score_stride * (size_t)a->size;
  prepared.values = round_up(keys * prepared.value_stride, KEYS);
  // Transposing writes whole vectors, also in the last row.
  prepared.queries = round_up((size_t)a->size * (size_t)tokens, KEYS) + KEYS;
  prepared.scores = prepared.score_stride * (size_t)tokens;
  prepared.shares = round_up(keys * (size_t)tokens, KEYS) + KEYS;
  return prepared;
}

static const float *row_of(const esp_heads *heads, int64_t batch, int64_t head, int64_t token) {
  return heads->base + batch * heads->batch_stride + head * heads->head_stride +
         token * heads->token_stride;
}

static void pack_head(const esp_prepared_attention *prepared, int64_t batch, int64_t head,
                      float *keys, float *values) {
  const esp_attention *a = &prepared->a;
  const esp_pack_kernels *pack = prepared->set->pack;
  for (int32_t key = 0; key < a->keys; key += KEYS) {
    const int32_t count = a->keys - key < KEYS ? a->keys - key : KEYS;
    pack->transposed(keys + (size_t)key * (size_t)a->size, KEYS, row_of(&a->k, batch, head, key),
                     a->k.token_stride, a->size, count, 1.0f);
    // Vectors without a key were not written.
    for (int32_t k = 0; count <= KEYS - prepared->set->width && k < a->size; k++) {
      float *row = keys + ((size_t)key * (size_t)a->size + (size_t)k * KEYS);
      for (int32_t i = count; i < KEYS; i++) row[i] = 0;
    }
  }
  pack->strided(values, (ptrdiff_t)prepared->value_stride, row_of(&a->v, batch, head, 0),
                a->v.token_stride, a->keys, a->value_size, 1);
}

/// One tile of queries: y = x W for `features` features. Panels lie 8 floats apart within a pair,
/// and pairs `pair_stride` apart.
static void multiply(const esp_prepared_attention *prepared, esp_feature_call *call,
                     const float *weights, size_t pair_stride, int32_t features, int32_t tokens) {
  const esp_feature_kernels *kernels = prepared->set->feature;
  const int32_t panels = divide_up(features, ESP_FEATURE_HEIGHT);
  float *y = call->y;
  for (int32_t p = 0; p < panels; p += kernels->panels) {
    const int32_t count = panels - p < kernels->panels ? panels - p : kernels->panels;
    const int32_t first = p * ESP_FEATURE_HEIGHT, left = features - first;
    for (int32_t i = 0; i < ESP_FEATURE_PANELS; i++) {
      const int32_t panel = p + (i < count ? i : count - 1);
      call->panels[i] = weights + (size_t)(panel / 2) * pair_stride +
                        (size_t)(panel % 2) * ESP_FEATURE_HEIGHT;
    }
    const int32_t most = count * ESP_FEATURE_HEIGHT;
    call->features = left < most ? left : most;
    call->y = y + first;
    esp_feature_for(kernels, tokens, count)(call);
  }
}

static void run_tile(const esp_prepared_attention *prepared, int64_t batch, int64_t head,
                     int32_t tile, float *keys) {
  const esp_attention *a = &prepared->a;
  const int32_t share = a->queries / prepared->tiles, more = a->queries % prepared->tiles;
  const int32_t query = tile * share + (tile < more ? tile : more);
  const int32_t tokens = share + (tile < more);
  float *values = keys + prepared->keys, *queries = values + prepared->values;
  float *scores = queries + prepared->queries, *shares = scores + prepared->scores;
  const int32_t pitch = prepared->set->feature->tokens;
  const esp_pack_kernels *pack = prepared->set->pack;

  pack->transposed(queries, pitch, row_of(&a->q, batch, head, query), a->q.token_stride, a->size,
                   tokens, a->scale);
  esp_feature_call call = {
      .pitch = KEYS, .x = queries, .count = a->size,
      .y = scores, .y_stride = (ptrdiff_t)prepared->score_stride,
      .first = 1, .low = -INFINITY, .high = INFINITY, .ahead = (uintptr_t)values,
  };
  multiply(prepared, &call, keys, (size_t)a->size * KEYS, a->keys, tokens);

  esp_soften_call soften = {.scores = scores, .pitch = (ptrdiff_t)prepared->score_stride,
                            .rows = tokens, .columns = a->keys};
  for (int i = 0; i < 2; i++) {
    if (!a->addends[i].base) continue;
    soften.addends[i] = row_of(&a->addends[i], batch, head, query);
    soften.addend_strides[i] = a->addends[i].token_stride;
  }
  prepared->set->feature->soften(&soften);

  pack->transposed(shares, pitch, scores, (ptrdiff_t)prepared->score_stride, a->keys, tokens, 1.0f);
  call.pitch = (ptrdiff_t)prepared->value_stride;
  call.x = shares;
  call.count = a->keys;
  call.y = a->y + batch * a->out.batch_stride + head * a->out.head_stride +
           (int64_t)query * a->out.token_stride;
  call.y_stride = a->out.token_stride;
  multiply(prepared, &call, values, 2 * ESP_FEATURE_HEIGHT, a->value_size, tokens);
}

static void run_items(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  const esp_prepared_attention *prepared = arguments;
  const esp_attention *a = &prepared->a;
  float *keys = worker->scratch;
  int64_t packed = -1;
  for (int64_t item = first; item < last; item++) {
    const int64_t place = item / prepared->runs, batch = place / a->heads, head = place % a->heads;
    if (packed != place) {
      pack_head(prepared, batch, head, keys, keys + prepared->keys);
      packed = place;
    }
    const int32_t from = (int32_t)(item % prepared->runs) * prepared->run;
    for (int32_t t = from; t < from + prepared->run && t < prepared->tiles; t++) {
      run_tile(prepared, batch, head, t, keys);
    }
  }
}

esp_requirements esp_one_pass_attention_requirements(const esp_attention *a,
                                                     const esp_kernel_set *set) {
  const esp_prepared_attention prepared = prepared_of(a, set);
  const size_t floats =
      prepared.keys + prepared.values + prepared.queries + prepared.scores + prepared.shares;
  return (esp_requirements){.prepared_bytes = sizeof prepared,
                            .worker_bytes = floats * sizeof(float)};
}

int esp_one_pass_attention_prepare(const esp_attention *a, const esp_kernel_set *set,
                                   void *memory, esp_task tasks[2], const char **kernel) {
  esp_prepared_attention *prepared = memory;
  *prepared = prepared_of(a, set);
  *kernel = "attention";
  tasks[0] = (esp_task){.run = run_items,
                        .arguments = prepared,
                        .items = (int64_t)a->batch * a->heads * prepared->runs};
  return 1;
}
