#include "vectors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../Checks/packing.h"
#include "../Checks/running.h"
#include "peak.h"

/// Keeps `keep` of every four columns, alike for `rows` rows; or everything, where that is 4. Or
/// keeps so many percent of all, anywhere.
typedef struct {
  const char *name;
  store_kind store;
  int32_t rows, keep, height, percent;
} vector_kind;

#define ANYWHERE(percent)                                        \
  {#percent " % kept, sliced ELLPACK", STORE_SLICED_ELLPACK, 1, 4, 16, percent},      \
      {#percent " % kept, bitmap", STORE_BITMAP, 1, 4, 16, percent}

static const vector_kind kinds[] = {
    {"dense", STORE_DENSE, 1, 4, 8, 0},
    {"vnm 8:2:4 panels", STORE_SHARED, 8, 2, 8, 0},
    {"vnm 4:2:4 panels", STORE_SHARED, 4, 2, 4, 0},
    {"nm 2:4 sliced ELLPACK", STORE_SLICED_ELLPACK, 1, 2, 16, 0},
    {"nm 2:4 N:4", STORE_N_OF_FOUR, 1, 2, 16, 0},
    {"nm 2:4 bitmap", STORE_BITMAP, 1, 2, 16, 0},
    {"nm 1:4 N:4", STORE_N_OF_FOUR, 1, 1, 16, 0},
    ANYWHERE(50), ANYWHERE(40), ANYWHERE(30), ANYWHERE(20), ANYWHERE(10),
};
enum { KINDS = sizeof kinds / sizeof *kinds, MOST_COPIES = 4, MOST_ROUNDS = 400 };

/// Equal layers one after the other, each with weights of its own.
typedef struct {
  packed_weight packed;
  guarded values[MOST_COPIES], column[MOST_COPIES], stream[MOST_COPIES];
  run_memory memory[MOST_COPIES];
  esp_task tasks[MOST_COPIES][2];
  int copies, task_count;
  double seconds[MOST_ROUNDS];
} chain;

static void prune_fours(float *w, int32_t size, const vector_kind *kind, random_source *r) {
  for (int32_t first = 0; first < size && kind->keep < 4; first += kind->rows) {
    for (int32_t c = 0; c < size; c += 4) {
      for (int32_t k = 0, left = kind->keep; k < 4; k++) {
        if (random_below(r, 4 - k) < left) {
          left--;
          continue;
        }
        for (int32_t i = first; i < first + kind->rows; i++) w[(int64_t)i * size + c + k] = 0;
      }
    }
  }
}

static guarded copied(const guarded *from) {
  guarded copy = guarded_make(from->bytes, 1);
  if (from->bytes) memcpy(copy.memory, from->memory, from->bytes);
  return copy;
}

static void make_chain(chain *c, const vector_kind *kind, esp_isa isa, int32_t size, int copies,
                       const guarded *x, const guarded *y) {
  random_source r = {7};
  const int64_t count = (int64_t)size * size;
  float *w = malloc((size_t)count * sizeof *w);
  if (!w) abort();
  fill_random(w, count, 1 / sqrtf((float)size), &r);
  if (kind->percent) {
    prune_for(kind->store, w, size, size, 1, kind->height, 1, kind->percent, &r);
  } else {
    prune_fours(w, size, kind, &r);
  }
  c->packed = pack_weight(kind->store, w, size, size, 1, kind->height, 1, 0, 1);
  free(w);
  c->copies = copies;
  for (int i = 0; i < copies; i++) {
    c->values[i] = copied(&c->packed.values);
    c->column[i] = copied(&c->packed.column);
    c->stream[i] = copied(&c->packed.stream);
    esp_linear l = {.tokens = 1, .in_features = size, .out_features = size,
                    .weight = c->packed.weight,
                    .x = (const float *)x->memory, .y = (float *)y->memory};
    l.weight.values = c->values[i].memory;
    if (l.weight.column) l.weight.column = (const uint32_t *)c->column[i].memory;
    if (l.weight.stream) l.weight.stream = (const uint16_t *)c->stream[i].memory;
    c->memory[i] = run_memory_make(esp_linear_requirements(&l, isa), 1);
    const char *kernel;
    c->task_count = esp_linear_prepare(&l, isa, c->memory[i].prepared.memory,
                                       c->memory[i].shared.memory, c->tasks[i], &kernel);
  }
}

static void free_chain(chain *c) {
  packed_free(&c->packed);
  for (int i = 0; i < c->copies; i++) {
    guarded_free(&c->values[i]);
    guarded_free(&c->column[i]);
    guarded_free(&c->stream[i]);
    run_memory_free(&c->memory[i]);
  }
}

/// Seconds of one layer.
static double run_chain(const chain *c) {
  const double begin = seconds_now();
  for (int i = 0; i < c->copies; i++) {
    esp_worker worker = {.scratch = c->memory[i].worker[0].memory};
    for (int t = 0; t < c->task_count; t++) {
      c->tasks[i][t].run(c->tasks[i][t].arguments, 0, c->tasks[i][t].items, &worker);
    }
  }
  return (seconds_now() - begin) / c->copies;
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/// `copies` 1: the layer runs again and again, and finds its weights in a cache that is large
/// enough. More: the other kinds run in between and pass through the caches.
static void time_size(esp_isa isa, int32_t size, int copies) {
  static chain chains[KINDS];
  random_source r = {3};
  guarded x = guarded_make((size_t)size * sizeof(float), 1);
  guarded y = guarded_make((size_t)size * sizeof(float), 1);
  fill_random((float *)x.memory, size, 1, &r);
  for (int k = 0; k < KINDS; k++) make_chain(&chains[k], &kinds[k], isa, size, copies, &x, &y);
  int rounds = 0;
  const double until = seconds_now() + 0.4 * KINDS;
  for (; rounds < MOST_ROUNDS && seconds_now() < until; rounds++) {
    for (int k = 0; k < KINDS; k++) {
      double best = run_chain(&chains[k]);
      if (copies == 1) {
        for (int i = 0; i < 4; i++) best = fmin(best, run_chain(&chains[k]));
      }
      chains[k].seconds[rounds] = best;
    }
  }
  printf("%dx%d, %s, median of %d rounds\n", size, size,
         copies > 1 ? "from memory" : "again and again", rounds);
  double dense = 0;
  for (int k = 0; k < KINDS; k++) {
    chain *c = &chains[k];
    qsort(c->seconds, (size_t)rounds, sizeof *c->seconds, compare);
    const double median = c->seconds[rounds / 2];
    const double bytes = (double)(c->packed.values.bytes + c->packed.column.bytes + c->packed.stream.bytes);
    if (k == 0) dense = median;
    printf("  %-18s %9.1f us %7.1f GB/s of %5.1f MB %6.2fx\n", kinds[k].name, median * 1e6,
           bytes / median * 1e-9, bytes * 1e-6, dense / median);
    free_chain(c);
  }
  guarded_free(&x);
  guarded_free(&y);
}

void benchmark_vectors(esp_isa isa) {
  for (int32_t size = 512; size <= 4096; size *= 2) time_size(isa, size, 1);
  time_size(isa, 4096, MOST_COPIES);
}
