#include "running.h"

#include <math.h>

run_memory run_memory_make(esp_requirements r, int at_start) {
  // The contract gives 64-byte-aligned memory, so sizes are rounded up to that.
  const size_t worker = (r.worker_bytes + 63) & ~(size_t)63;
  return (run_memory){
      .prepared = guarded_make((r.prepared_bytes + 63) & ~(size_t)63, at_start),
      .shared = guarded_make((r.shared_bytes + 63) & ~(size_t)63, at_start),
      .worker = {guarded_make(worker, at_start), guarded_make(worker, at_start)},
  };
}

int run_memory_free(run_memory *m) {
  int intact = guarded_free(&m->prepared);
  intact &= guarded_free(&m->shared);
  intact &= guarded_free(&m->worker[0]);
  return intact & guarded_free(&m->worker[1]);
}

void run_tasks(const esp_task *tasks, int count, run_memory *memory, random_source *r) {
  for (int t = 0; t < count; t++) {
    const esp_task *task = &tasks[t];
    enum { PIECES = 6 };
    int64_t cuts[PIECES + 1] = {0};
    for (int i = 1; i < PIECES; i++) cuts[i] = random_below(r, (int32_t)task->items + 1);
    cuts[PIECES] = task->items;
    for (int i = 1; i < PIECES; i++) {
      for (int j = i; j > 1 && cuts[j] < cuts[j - 1]; j--) {
        const int64_t swap = cuts[j];
        cuts[j] = cuts[j - 1];
        cuts[j - 1] = swap;
      }
    }
    const int turn = random_below(r, PIECES);
    for (int i = 0; i < PIECES; i++) {
      const int piece = (i * 5 + turn) % PIECES;  // 5 and 6 share no factor: each piece once
      esp_worker worker = {.scratch = memory->worker[i & 1].memory, .index = i & 1};
      if (cuts[piece] < cuts[piece + 1]) {
        task->run(task->arguments, cuts[piece], cuts[piece + 1], &worker);
      }
    }
  }
}

void fill_random(float *x, int64_t count, float scale, random_source *r) {
  for (int64_t i = 0; i < count; i++) x[i] = scale * random_float(r);
}

esp_epilogue random_epilogue(random_source *r) {
  esp_epilogue e = {.activation = (esp_activation)random_below(r, 11)};
  switch (e.activation) {
    case ESP_ACTIVATION_CLIP: e.a = -0.25f; e.b = 0.5f; break;
    case ESP_ACTIVATION_LEAKY_RELU: e.a = 0.1f; break;
    case ESP_ACTIVATION_SILU: e.a = 1.5f; break;
    case ESP_ACTIVATION_HARD_SIGMOID: e.a = 0.2f; e.b = 0.5f; break;
    default: break;
  }
  return e;
}

int64_t first_difference(const float *got, const float *want, int64_t count, float tolerance) {
  for (int64_t i = 0; i < count; i++) {
    if (!(fabsf(got[i] - want[i]) <= tolerance * (1 + fabsf(want[i])))) return i;
  }
  return -1;
}

int32_t random_extent(random_source *r, int32_t most) {
  const int32_t kind = random_below(r, 3);
  if (kind == 0) return 1 + random_below(r, most < 5 ? most : 5);
  if (kind == 1) {
    const int32_t near = 16 * (1 + random_below(r, 4)) - 1 + random_below(r, 3);
    if (near <= most) return near;
  }
  return 1 + random_below(r, most);
}
