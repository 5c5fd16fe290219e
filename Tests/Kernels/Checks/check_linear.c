#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../../runtime/Kernels/reference/esp_reference.h"
#include "CEspalierKernelChecks.h"
#include "packing.h"
#include "running.h"

typedef struct {
  esp_linear l;
  store_kind store;
  int32_t height, panels_per_list, column_block, keep;
  int at_start, residual;
} linear_case;

static int run_case(esp_isa isa, linear_case *k, random_source *r, char *message, size_t size) {
  esp_linear *l = &k->l;
  const int64_t input = (int64_t)l->tokens * l->in_features;
  const int64_t output = (int64_t)l->tokens * l->out_features;
  const int64_t weights = (int64_t)l->out_features * l->in_features;
  const size_t bytes = (size_t)output * sizeof(float);
  guarded dense = guarded_make((size_t)weights * sizeof(float), 0);
  float *w = (float *)dense.memory;
  fill_random(w, weights, 1 / sqrtf((float)l->in_features), r);
  prune_for(k->store, w, l->out_features, l->in_features, 1, k->height, k->panels_per_list,
            k->keep, r);
  packed_weight packed = pack_weight(k->store, w, l->out_features, l->in_features, 1, k->height,
                                     k->panels_per_list, k->column_block, k->at_start);
  l->weight = packed.weight;
  guarded x = guarded_make((size_t)input * sizeof(float), k->at_start);
  guarded y = guarded_make(bytes, k->at_start), want = guarded_make(bytes, 0);
  guarded bias = guarded_make((size_t)l->out_features * sizeof(float), k->at_start);
  guarded residual = guarded_make(bytes, k->at_start);
  fill_random((float *)x.memory, input, 1, r);
  fill_random((float *)bias.memory, l->out_features, 1, r);
  fill_random((float *)residual.memory, output, 1, r);
  l->x = (const float *)x.memory;
  l->y = (float *)want.memory;
  if (random_below(r, 4)) l->epilogue.bias = (const float *)bias.memory;
  if (k->residual) l->epilogue.residual = (const float *)residual.memory;
  esp_reference_linear(l, w);
  l->y = (float *)y.memory;
  if (k->residual == 2) {
    memcpy(y.memory, residual.memory, bytes);
    l->epilogue.residual = l->y;
  }
  run_memory memory = run_memory_make(esp_linear_requirements(l, isa), k->at_start);
  esp_task tasks[2];
  const char *kernel = "";
  const int count =
      esp_linear_prepare(l, isa, memory.prepared.memory, memory.shared.memory, tasks, &kernel);
  run_tasks(tasks, count, &memory, r);
  const int64_t wrong = first_difference(l->y, (float *)want.memory, output, 2e-5f);
  int failed = wrong >= 0;
  const float got = failed ? l->y[wrong] : 0, wanted = failed ? ((float *)want.memory)[wrong] : 0;
  int intact = run_memory_free(&memory);
  intact &= packed_free(&packed);
  intact &= guarded_free(&x);
  intact &= guarded_free(&y);
  intact &= guarded_free(&bias);
  intact &= guarded_free(&residual);
  guarded_free(&want);
  guarded_free(&dense);
  failed |= !intact;
  if (failed) {
    snprintf(message, size,
             "%s %s: %d tokens, %d -> %d, store %d, panels of %d, %d per list, blocks of %d, "
             "activation %d, residual %d: %s at %lld: %g, not %g",
             esp_isa_name(isa), kernel, l->tokens, l->in_features, l->out_features, k->store,
             k->height, k->panels_per_list, k->column_block, (int)l->epilogue.activation,
             k->residual, intact ? "wrong" : "written beside a buffer", (long long)wrong, got,
             wanted);
  }
  return failed;
}

int esp_check_linear(int isa, uint32_t seed, char *message, size_t size) {
  static const int32_t heights[] = {1, 2, 4, 8}, blocks[] = {16, 64, 100, 128};
  if (!esp_isa_available((esp_isa)isa)) {
    snprintf(message, size, "this processor has no %s", esp_isa_name((esp_isa)isa));
    return 1;
  }
  random_source r = {seed};
  for (int i = 0; i < 600; i++) {
    linear_case k = {.store = (store_kind)random_below(&r, STORE_DEPTHWISE),
                     .height = heights[random_below(&r, 4)],
                     .panels_per_list = 1 + random_below(&r, 5),
                     .column_block = blocks[random_below(&r, 4)],
                     .keep = 5 + random_below(&r, 90),
                     .at_start = random_below(&r, 2),
                     .residual = random_below(&r, 3)};
    // The first cases take every number of tokens to past two vectors, the rest any.
    k.l.tokens = i < 132 ? 1 + i / 4 : random_extent(&r, 110);
    // What is made for few tokens gets few.
    if (i >= 132 && k.store >= STORE_SLICED_ELLPACK) k.l.tokens = 1 + random_below(&r, 9);
    // Some with enough features for several blocks of columns and rounds of sums.
    k.l.in_features = i % 40 == 39 ? 2000 + random_below(&r, 1200) : random_extent(&r, 150);
    k.l.out_features = i % 40 == 39 ? 300 : random_extent(&r, 150);
    k.l.epilogue = random_epilogue(&r);
    // Long sequences, in several runs; wide ones, whose sums wait between blocks.
    if (i % 20 == 9) {
      k.l.tokens = 380 + random_below(&r, 1400);
      k.l.in_features = random_extent(&r, 40);
    }
    if (i % 80 == 79) k.l.in_features = 7200 + random_below(&r, 900);
    if (i % 80 == 79 || i % 40 == 9) k.store = STORE_DENSE, k.height = 8;
    if (run_case((esp_isa)isa, &k, &r, message, size)) return 1;
  }
  return 0;
}
