// What the parts of Cases share.
#ifndef CASES_H
#define CASES_H

#include "CEspalierKernels.h"
#include "kernel_cases.h"
#include "packing.h"
#include "running.h"

typedef enum { CONVOLUTION, LINEAR, PRODUCT, SOFTMAX, NORMALISATION } case_kind;

/// A layer. Convolutions have `in` and `out` channels and square maps and kernels, `extent` being the
/// output's; linear layers and normalisations `extent` tokens; products and softmax 12 heads.
typedef struct {
  const char *family, *layer;
  case_kind kind;
  store_kind store;
  int32_t height, lists, keep;  // of the weight, as packing.h has them; keep in percent
  int32_t in, out, extent, kernel, stride;
} kernel_case;

enum { HEADS = 12, BUFFERS = 6 };

struct kernel_run {
  esp_task tasks[2];
  int task_count;
  int64_t work;
  run_memory memory;
  packed_weight weight;
  guarded buffers[BUFFERS];
  int buffer_count;
  int64_t offsets[2][HEADS];
  esp_softmax softmax;
  esp_normalize normalize;
};

/// `count` random floats that live as long as the run.
float *kernel_run_floats(kernel_run *, int64_t count);

void prepare_convolution(kernel_run *, const kernel_case *, esp_isa);
void prepare_linear(kernel_run *, const kernel_case *, esp_isa);
void prepare_product(kernel_run *, const kernel_case *, esp_isa);
void prepare_softmax(kernel_run *, const kernel_case *, esp_isa);
void prepare_normalisation(kernel_run *, const kernel_case *, esp_isa);

#endif
