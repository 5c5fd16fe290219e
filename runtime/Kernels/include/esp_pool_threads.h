// The thread pool: runs a list of tasks, each cut over pinned workers that spin, then park.
#ifndef ESP_POOL_THREADS_H
#define ESP_POOL_THREADS_H

#include "esp_task.h"

typedef struct esp_threads esp_threads;

/// Starts `count` workers, the caller included (count - 1 threads), each with `scratch_bytes` of
/// 64-byte-aligned memory of its own. `cores` pins worker i to cores[i] where not negative; null
/// pins none. Subnormals are flushed to zero on every worker while tasks run. Null on failure.
esp_threads *esp_threads_create(int32_t count, size_t scratch_bytes, const int32_t *cores);
void esp_threads_destroy(esp_threads *);

/// Runs the tasks in order, each finished before the next begins. Returns the first fault, or 0;
/// `*faulty` (may be null) receives the index of the faulty task's step.
/// Never allocates. `nanoseconds` (may be null) receives each task's duration.
int32_t esp_threads_run(esp_threads *, const esp_task *tasks, int32_t count, int32_t *faulty,
                        uint64_t *nanoseconds);

#endif
