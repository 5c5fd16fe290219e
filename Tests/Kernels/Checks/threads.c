// The thread pool: every item exactly once, tasks in order, faults, timing, subnormals, no hang.
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "plain_support.h"

enum { MOST_ITEMS = 5000, MOST_TASKS = 64, MOST_THREADS = 8 };

/// A task that counts each item, and looks whether the one before it is complete.
typedef struct counting {
  int64_t items;
  _Atomic int32_t count[MOST_ITEMS];
  const struct counting *previous;
  _Atomic int32_t disorder;
  int64_t faulty_item;  // -1: none
  int32_t work;
} counting;

static void count_items(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  counting *task = (counting *)(uintptr_t)arguments;
  uint8_t *scratch = worker->scratch;
  if ((uintptr_t)scratch % 64 != 0) atomic_fetch_add(&task->disorder, 1);
  memset(scratch, worker->index, 256);
  for (int64_t i = first; i < last; i++) {
    atomic_fetch_add(&task->count[i], 1);
    if (i == task->faulty_item) worker->fault = ESP_FAULT_INDEX_OUT_OF_RANGE;
    for (volatile int32_t w = 0; w < task->work; w = w + 1) {
    }
  }
  if (task->previous && first < last) {
    for (int64_t i = 0; i < task->previous->items; i++) {
      if (atomic_load(&task->previous->count[i]) != 1) atomic_fetch_add(&task->disorder, 1);
    }
  }
  // Someone else writing here would mean shared scratch.
  for (int i = 0; i < 256; i++) {
    if (scratch[i] != (uint8_t)worker->index) atomic_fetch_add(&task->disorder, 1);
  }
}

static void subnormal_items(const void *arguments, int64_t first, int64_t last,
                            esp_worker *worker) {
  (void)worker;
  volatile float *values = (volatile float *)(uintptr_t)arguments;
  for (int64_t i = first; i < last; i++) values[i] = values[i] * 0.5f;
}

static void one_pool(check *c, int32_t threads) {
  int32_t cores[MOST_THREADS];
  for (int i = 0; i < MOST_THREADS; i++) cores[i] = i == 0 ? -1 : check_random(c) % 2 ? 0 : -1;
  esp_threads *pool = esp_threads_create(threads, 256, check_random(c) % 2 ? cores : NULL);
  if (!pool) {
    check_fail(c, "no pool of %d", threads);
    return;
  }
  counting *counts = calloc(MOST_TASKS, sizeof *counts);
  for (int round = 0; round < 30 && !c->failed; round++) {
    esp_task tasks[MOST_TASKS];
    int32_t count = (int32_t)check_integer(c, 0, MOST_TASKS), faulty_at = -1, faulty = -1;
    bool has_fault = count > 0 && check_random(c) % 4 == 0;
    for (int t = 0; t < count; t++) {
      int64_t most = check_random(c) % 3 == 0 ? MOST_ITEMS : check_random(c) % 2 ? 20 : 2;
      counts[t].items = check_integer(c, 0, most);
      counts[t].previous = t > 0 ? &counts[t - 1] : NULL;
      counts[t].faulty_item = -1;
      counts[t].work = check_random(c) % 10 == 0 && counts[t].items < 50 ? 3000 : 0;
      atomic_store(&counts[t].disorder, 0);
      for (int64_t i = 0; i < MOST_ITEMS; i++) atomic_store(&counts[t].count[i], 0);
      tasks[t] = (esp_task){count_items, &counts[t], counts[t].items, 100 + t};
    }
    if (has_fault) {
      int at = (int)check_integer(c, 0, count - 1);
      if (counts[at].items > 0) {
        counts[at].faulty_item = check_integer(c, 0, counts[at].items - 1);
        faulty_at = at;
      }
    }
    uint64_t nanoseconds[MOST_TASKS];
    memset(nanoseconds, 0xFF, sizeof nanoseconds);
    bool timed = check_random(c) % 2;
    int32_t fault = esp_threads_run(pool, tasks, count, faulty_at >= 0 ? &faulty : NULL,
                                    timed ? nanoseconds : NULL);
    check_equal(c, "fault", threads, fault, faulty_at >= 0 ? ESP_FAULT_INDEX_OUT_OF_RANGE : 0);
    if (faulty_at >= 0) check_equal(c, "faulty step", threads, faulty, 100 + faulty_at);
    for (int t = 0; t < count && !c->failed; t++) {
      bool ran = faulty_at < 0 || t <= faulty_at;
      for (int64_t i = 0; i < counts[t].items; i++) {
        check_equal(c, "item count", i, atomic_load(&counts[t].count[i]), ran);
      }
      check_equal(c, "disorder", t, atomic_load(&counts[t].disorder), 0);
      if (timed && nanoseconds[t] > 60000000000u) check_fail(c, "task %d has no time", t);
    }
    // Sometimes long enough for every worker to park.
    if (check_random(c) % 4 == 0) {
      nanosleep(&(struct timespec){.tv_nsec = check_integer(c, 20000, 300000)}, NULL);
    }
  }
  float values[64];
  for (int i = 0; i < 64; i++) values[i] = 1.5e-38f;
  esp_task halve = {subnormal_items, values, 64, 0};
  esp_threads_run(pool, &halve, 1, NULL, NULL);
  for (int i = 0; i < 64; i++) check_close(c, "flushed", i, (double)values[i], 0, 0, 0);
  volatile float outside = 1.5e-38f;
  outside = outside * 0.5f;
  if (outside == 0) check_fail(c, "the caller still flushes subnormals after the run");
  esp_threads_destroy(pool);
  free(counts);
}

int esp_check_threads(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  for (int32_t threads = 1; threads <= MOST_THREADS && !c.failed; threads++) one_pool(&c, threads);
  int32_t absent[2] = {-1, 100000};
  if (esp_threads_create(2, 64, absent)) check_fail(&c, "a pool on a core that does not exist");
  if (esp_threads_create(0, 64, NULL)) check_fail(&c, "a pool without workers");
  return check_end(&c);
}
