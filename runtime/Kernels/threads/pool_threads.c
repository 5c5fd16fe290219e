// The thread pool. See esp_pool_threads.h for what it promises.
//
// The caller publishes one task at a time by storing `claim`: the task's sequence number and which
// of its units nobody has taken, from a first to an end. Whoever takes units (compare-and-swap, so
// never from a later task by mistake) may read the task, because the caller does not move on before
// `done` has counted every unit. Each takes a share of what is left, so shares shrink to one unit
// and all workers finish together, also where something else holds up one of them. Half of the
// workers take from the front and half from the back: of tasks that go over the same pixels, each
// of two workers finds in its own cache what it wrote itself. Workers spin on `claim`, then park on
// `epoch`; the caller spins on `done`, then parks.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "../include/esp_pool_threads.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "wait.h"

enum {
  ESP_SPIN_NANOSECONDS = 40000,
  /// A share is what is left by this many times the workers.
  ESP_SHARES_PER_WORKER = 2,
  /// Most units of a task, below 1 << 16; more would make no share smaller that is worth a claim.
  ESP_MOST_UNITS = 4096,
};

typedef struct worker_state {
  _Alignas(64) esp_worker worker;
  esp_threads *pool;
  pthread_t thread;
  int32_t core;
} worker_state;

struct esp_threads {
  // What a published task's units need; plain fields, ordered by `claim` and `done`.
  const esp_task *task;
  int64_t unit_items;
  uint32_t units;
  int32_t count, started;
  worker_state *workers;
  cpu_set_t caller_cores;
  bool caller_pinned;
  _Alignas(64) _Atomic uint64_t claim;  // sequence << 32 | end << 16 | first
  _Alignas(64) _Atomic uint32_t done;   // units finished
  _Atomic uint32_t caller_parked;
  _Alignas(64) _Atomic uint32_t epoch;  // counts publications; workers park on it
  _Atomic uint32_t parked, stopping, ready, failed;
};

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static uint32_t first_left(uint64_t claim) { return claim & 0xFFFF; }
static uint32_t end_left(uint64_t claim) { return claim >> 16 & 0xFFFF; }
static uint32_t left(uint64_t claim) { return end_left(claim) - first_left(claim); }

/// Takes units of the published task until none is left.
static void work(esp_threads *pool, esp_worker *worker) {
  const bool behind = worker->index % 2 == 1;
  uint64_t claim = atomic_load_explicit(&pool->claim, memory_order_acquire);
  while (left(claim) > 0) {
    uint32_t share = left(claim) / (ESP_SHARES_PER_WORKER * (uint32_t)pool->count);
    if (share == 0) share = 1;
    uint64_t rest = behind ? claim - ((uint64_t)share << 16) : claim + share;
    if (!atomic_compare_exchange_weak_explicit(&pool->claim, &claim, rest, memory_order_acq_rel,
                                               memory_order_acquire)) {
      continue;
    }
    uint32_t units = pool->units;
    const esp_task *task = pool->task;
    int64_t first = (behind ? end_left(rest) : first_left(claim)) * pool->unit_items;
    int64_t last = first + share * pool->unit_items;
    if (last > task->items) last = task->items;
    task->run(task->arguments, first, last, worker);
    uint32_t finished = atomic_fetch_add(&pool->done, share) + share;
    if (finished == units && atomic_load(&pool->caller_parked)) esp_wake(&pool->done, 1);
    claim = atomic_load_explicit(&pool->claim, memory_order_acquire);
  }
}

/// Spins until `condition` holds or the time is up; true if it holds.
#define ESP_SPIN(condition)                                                         \
  ({                                                                                \
    bool holds = (condition);                                                       \
    for (uint64_t end = now() + ESP_SPIN_NANOSECONDS; !holds && now() < end;) {     \
      for (int i = 0; i < 64 && !(holds = (condition)); i++) esp_pause();           \
    }                                                                               \
    holds;                                                                          \
  })

static bool has_work(esp_threads *pool) {
  return left(atomic_load_explicit(&pool->claim, memory_order_acquire)) > 0 ||
         atomic_load_explicit(&pool->stopping, memory_order_acquire);
}

static void *worker_main(void *argument) {
  worker_state *state = argument;
  esp_threads *pool = state->pool;
  if (state->core >= 0) {
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET((size_t)state->core, &cores);
    if (sched_setaffinity(0, sizeof cores, &cores) != 0) atomic_store(&pool->failed, 1);
  }
  esp_flush_subnormals();
  atomic_fetch_add(&pool->ready, 1);
  esp_wake(&pool->ready, 1);
  while (!atomic_load_explicit(&pool->stopping, memory_order_acquire)) {
    if (ESP_SPIN(has_work(pool))) {
      work(pool, &state->worker);
      continue;
    }
    // Parking: announce first, then look again, so that either the caller sees this worker parked
    // or this worker sees the caller's publication.
    uint32_t epoch = atomic_load(&pool->epoch);
    atomic_fetch_add(&pool->parked, 1);
    if (!has_work(pool)) esp_wait(&pool->epoch, epoch);
    atomic_fetch_sub(&pool->parked, 1);
  }
  return NULL;
}

static bool pin_caller(esp_threads *pool, int32_t core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET((size_t)core, &cores);
  if (sched_getaffinity(0, sizeof pool->caller_cores, &pool->caller_cores) != 0) return false;
  pool->caller_pinned = sched_setaffinity(0, sizeof cores, &cores) == 0;
  return pool->caller_pinned;
}

static bool start(esp_threads *pool, size_t scratch_bytes, const int32_t *cores) {
  for (int32_t i = 0; i < pool->count; i++) {
    worker_state *state = &pool->workers[i];
    state->pool = pool;
    state->core = cores ? cores[i] : -1;
    if (state->core >= CPU_SETSIZE) return false;
    state->worker.index = i;
    if (scratch_bytes > 0 && posix_memalign(&state->worker.scratch, 64, scratch_bytes) != 0) {
      state->worker.scratch = NULL;
      return false;
    }
  }
  for (int32_t i = 1; i < pool->count; i++) {
    worker_state *state = &pool->workers[i];
    if (pthread_create(&state->thread, NULL, worker_main, state) != 0) return false;
    pool->started++;
  }
  // Pinning the caller comes last: threads inherit their creator's cores.
  for (uint32_t ready; (ready = atomic_load(&pool->ready)) < (uint32_t)pool->started;) {
    esp_wait(&pool->ready, ready);
  }
  if (atomic_load(&pool->failed)) return false;
  return pool->workers[0].core < 0 || pin_caller(pool, pool->workers[0].core);
}

esp_threads *esp_threads_create(int32_t count, size_t scratch_bytes, const int32_t *cores) {
  if (count < 1) return NULL;
  esp_threads *pool = aligned_alloc(64, sizeof *pool);
  if (!pool) return NULL;
  memset(pool, 0, sizeof *pool);
  pool->count = count;
  pool->workers = aligned_alloc(64, (size_t)count * sizeof *pool->workers);
  if (!pool->workers) {
    free(pool);
    return NULL;
  }
  memset(pool->workers, 0, (size_t)count * sizeof *pool->workers);
  if (start(pool, scratch_bytes, cores)) return pool;
  esp_threads_destroy(pool);
  return NULL;
}

void esp_threads_destroy(esp_threads *pool) {
  if (!pool) return;
  atomic_store(&pool->stopping, 1);
  atomic_fetch_add(&pool->epoch, 1);
  esp_wake(&pool->epoch, INT32_MAX);
  for (int32_t i = 1; i <= pool->started; i++) pthread_join(pool->workers[i].thread, NULL);
  if (pool->caller_pinned) {
    sched_setaffinity(0, sizeof pool->caller_cores, &pool->caller_cores);
  }
  for (int32_t i = 0; i < pool->count; i++) free(pool->workers[i].worker.scratch);
  free(pool->workers);
  free(pool);
}

/// Shares one task among all workers and returns when it is finished.
static void run_shared(esp_threads *pool, const esp_task *task) {
  pool->task = task;
  pool->unit_items = (task->items + ESP_MOST_UNITS - 1) / ESP_MOST_UNITS;
  pool->units = (uint32_t)((task->items + pool->unit_items - 1) / pool->unit_items);
  atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
  uint64_t sequence = (atomic_load_explicit(&pool->claim, memory_order_relaxed) >> 32) + 1;
  atomic_store(&pool->claim, sequence << 32 | (uint64_t)pool->units << 16);
  atomic_fetch_add(&pool->epoch, 1);
  if (atomic_load(&pool->parked) > 0) esp_wake(&pool->epoch, (int32_t)pool->units - 1);
  work(pool, &pool->workers[0].worker);
  while (!ESP_SPIN(atomic_load_explicit(&pool->done, memory_order_acquire) == pool->units)) {
    atomic_store(&pool->caller_parked, 1);
    uint32_t done = atomic_load(&pool->done);
    if (done != pool->units) esp_wait(&pool->done, done);
    atomic_store(&pool->caller_parked, 0);
  }
}

int32_t esp_threads_run(esp_threads *pool, const esp_task *tasks, int32_t count, int32_t *faulty,
                        uint64_t *nanoseconds) {
  for (int32_t i = 0; i < pool->count; i++) pool->workers[i].worker.fault = ESP_FAULT_NONE;
  if (nanoseconds) memset(nanoseconds, 0, (size_t)count * sizeof *nanoseconds);
  esp_float_mode mode = esp_flush_subnormals();
  int32_t fault = ESP_FAULT_NONE;
  for (int32_t t = 0; t < count && fault == ESP_FAULT_NONE; t++) {
    const esp_task *task = &tasks[t];
    if (task->items <= 0) continue;
    uint64_t begin = nanoseconds ? now() : 0;
    if (task->items == 1 || pool->count == 1) {
      task->run(task->arguments, 0, task->items, &pool->workers[0].worker);
    } else {
      run_shared(pool, task);
    }
    if (nanoseconds) nanoseconds[t] = now() - begin;
    // Later tasks would work on what this one failed to write: stop at the first fault.
    for (int32_t i = 0; i < pool->count && fault == ESP_FAULT_NONE; i++) {
      fault = pool->workers[i].worker.fault;
    }
    if (fault != ESP_FAULT_NONE && faulty) *faulty = task->step;
  }
  esp_restore_float_mode(mode);
  return fault;
}
