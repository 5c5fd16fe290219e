// A task: one prepared kernel call, cut into independent work items that threads share.
#ifndef ESP_TASK_H
#define ESP_TASK_H

#include <stddef.h>
#include <stdint.h>

/// What a worker thread lends to a kernel while it runs.
typedef struct esp_worker {
  /// 64-byte-aligned memory of this worker alone, as large as the session's largest need.
  void *scratch;
  /// Set by a kernel that meets data it cannot accept, such as an index out of range; never cleared
  /// by kernels. The session reads it after each run.
  int32_t fault;
  int32_t index;
} esp_worker;

/// Faults a kernel may set.
enum { ESP_FAULT_NONE = 0, ESP_FAULT_INDEX_OUT_OF_RANGE = 1, ESP_FAULT_DIVISION_BY_ZERO = 2 };

/// Runs work items `first ..< last` of a prepared kernel.
typedef void (*esp_task_function)(const void *arguments, int64_t first, int64_t last,
                                  esp_worker *worker);

typedef struct esp_task {
  esp_task_function run;
  const void *arguments;
  /// Number of work items; items may run in any order and on any thread.
  int64_t items;
  /// The step of the model file this task belongs to, for profiling.
  int32_t step;
} esp_task;

/// Instruction sets that kernels are written for, least first within an architecture.
typedef enum esp_isa {
  ESP_ISA_SCALAR = 0,
  ESP_ISA_NEON = 1,
  ESP_ISA_AVX2 = 2,
  ESP_ISA_AVX512 = 3,
} esp_isa;

/// The best instruction set this processor has (AVX2 means AVX2+FMA; AVX512 means F+BW+DQ+VL).
esp_isa esp_detect_isa(void);
/// Whether this processor can run kernels of that instruction set.
int esp_isa_available(esp_isa isa);
/// "scalar", "neon", "avx2" or "avx512".
const char *esp_isa_name(esp_isa isa);

#endif
