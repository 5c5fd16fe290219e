#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../../runtime/Kernels/reference/esp_reference.h"
#include "CEspalierKernelChecks.h"
#include "running.h"

/// Steps of an operand's rows, and in *count the floats it has: tokens before heads or heads before
/// tokens, rows perhaps with a gap behind each.
static esp_heads lay_out(int32_t batch, int32_t heads, int32_t tokens, int32_t size,
                         random_source *r, int64_t *count) {
  const int64_t row = size + (random_below(r, 3) == 0 ? random_below(r, 40) : 0);
  esp_heads h = {0};
  if (random_below(r, 2)) {
    h.head_stride = row;
    h.token_stride = row * heads;
  } else {
    h.token_stride = row;
    h.head_stride = row * tokens;
  }
  h.batch_stride = row * heads * tokens;
  // No gap behind the last row: reading there would fault.
  *count = (batch - 1) * h.batch_stride + (heads - 1) * h.head_stride +
           (tokens - 1) * h.token_stride + size;
  return h;
}

static guarded filled(esp_heads *heads, int64_t count, int at_start, random_source *r) {
  guarded g = guarded_make((size_t)count * sizeof(float), at_start);
  fill_random((float *)g.memory, count, 2, r);
  heads->base = (const float *)g.memory;
  return g;
}

static int run_case(esp_isa isa, esp_attention *a, int at_start, int addends, random_source *r,
                    char *message, size_t size) {
  int64_t counts[6] = {0};
  guarded operands[5];
  a->q = lay_out(a->batch, a->heads, a->queries, a->size, r, &counts[0]);
  a->k = lay_out(a->batch, a->heads, a->keys, a->size, r, &counts[1]);
  a->v = lay_out(a->batch, a->heads, a->keys, a->value_size, r, &counts[2]);
  a->out = lay_out(a->batch, a->heads, a->queries, a->value_size, r, &counts[3]);
  operands[0] = filled(&a->q, counts[0], at_start, r);
  operands[1] = filled(&a->k, counts[1], at_start, r);
  operands[2] = filled(&a->v, counts[2], at_start, r);
  for (int i = 0; i < 2; i++) {
    // The first alike for all batches and queries, as masks of keys are.
    const int32_t rows = i == 0 ? 1 : a->queries;
    esp_heads *addend = &a->addends[i];
    *addend = (esp_heads){.head_stride = (int64_t)rows * a->keys,
                          .token_stride = i == 0 ? 0 : a->keys};
    operands[3 + i] = filled(addend, (int64_t)a->heads * rows * a->keys, at_start, r);
    if (!(addends >> i & 1)) addend->base = 0;
  }
  guarded y = guarded_make((size_t)counts[3] * sizeof(float), at_start);
  guarded want = guarded_make((size_t)counts[3] * sizeof(float), 0);
  // Gaps between rows keep what they hold.
  fill_random((float *)y.memory, counts[3], 1, r);
  memcpy(want.memory, y.memory, y.bytes);
  double *scores = malloc((size_t)a->keys * sizeof *scores);
  a->y = (float *)want.memory;
  esp_reference_attention(a, scores);
  free(scores);
  a->y = (float *)y.memory;
  run_memory memory = run_memory_make(esp_attention_requirements(a, isa), at_start);
  esp_task tasks[2];
  const char *kernel = "";
  const int count =
      esp_attention_prepare(a, isa, memory.prepared.memory, memory.shared.memory, tasks, &kernel);
  run_tasks(tasks, count, &memory, r);
  const int64_t wrong = first_difference(a->y, (float *)want.memory, counts[3], 2e-5f);
  int failed = wrong >= 0;
  const float got = failed ? a->y[wrong] : 0, wanted = failed ? ((float *)want.memory)[wrong] : 0;
  int intact = run_memory_free(&memory) & guarded_free(&y);
  for (int i = 0; i < 5; i++) intact &= guarded_free(&operands[i]);
  guarded_free(&want);
  failed |= !intact;
  if (failed) {
    snprintf(message, size,
             "%s %s: %d x %d heads, %d queries, %d keys of %d, values of %d, addends %d: %s at "
             "%lld: %g, not %g",
             esp_isa_name(isa), kernel, a->batch, a->heads, a->queries, a->keys, a->size,
             a->value_size, addends, intact ? "wrong" : "written beside a buffer",
             (long long)wrong, got, wanted);
  }
  return failed;
}

int esp_check_attention(int isa, uint32_t seed, char *message, size_t size) {
  if (!esp_isa_available((esp_isa)isa)) {
    snprintf(message, size, "this processor has no %s", esp_isa_name((esp_isa)isa));
    return 1;
  }
  random_source r = {seed};
  for (int i = 0; i < 400; i++) {
    esp_attention a = {.batch = 1 + random_below(&r, 3), .heads = 1 + random_below(&r, 5),
                       .queries = i < 60 ? 1 + i / 2 : random_extent(&r, 60),
                       .keys = i < 120 ? 1 + i / 2 : random_extent(&r, 150),
                       .size = random_extent(&r, 70), .value_size = random_extent(&r, 70)};
    a.scale = 1 / sqrtf((float)a.size);
    const int at_start = random_below(&r, 2), addends = random_below(&r, 4);
    if (run_case((esp_isa)isa, &a, at_start, addends, &r, message, size)) return 1;
  }
  return 0;
}
