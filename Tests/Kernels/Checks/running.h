// Runs prepared tasks the way threads would, and compares results.
#ifndef RUNNING_H
#define RUNNING_H

#include "CEspalierKernels.h"
#include "guarded.h"

/// Plan, scratch and outputs of one prepared contraction.
typedef struct {
  guarded prepared, shared, worker[2];
} run_memory;

run_memory run_memory_make(esp_requirements, int at_start);
/// 0 where something beside the buffers was written.
int run_memory_free(run_memory *);

/// Runs the tasks one after the other, their items in random pieces and order, on two workers.
void run_tasks(const esp_task *tasks, int count, run_memory *, random_source *);

/// Fills with random numbers in -scale ..< scale.
void fill_random(float *x, int64_t count, float scale, random_source *);

/// A random activation with sensible parameters.
esp_epilogue random_epilogue(random_source *);

/// Index of the first element that differs by more than the tolerance, or -1.
int64_t first_difference(const float *got, const float *want, int64_t count, float tolerance);

/// Odd sizes: often small, sometimes around a multiple of the widest vector.
int32_t random_extent(random_source *, int32_t most);

#endif
