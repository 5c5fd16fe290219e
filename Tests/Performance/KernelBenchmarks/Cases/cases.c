#include <stdio.h>
#include <stdlib.h>

#include "cases.h"

static const kernel_case cases[] = {
    {"panels of 8, dense", "ResNet-50 7x7 by 2 3>64 112x112", CONVOLUTION, STORE_DENSE,
     8, 1, 100, 3, 64, 112, 7, 2},
    {"panels of 8, dense", "ResNet-50 1x1 64>64 56x56", CONVOLUTION, STORE_DENSE,
     8, 1, 100, 64, 64, 56, 1, 1},
    {"panels of 8, dense", "ResNet-50 3x3 64>64 56x56", CONVOLUTION, STORE_DENSE,
     8, 1, 100, 64, 64, 56, 3, 1},
    {"panels of 8, dense", "MobileNetV2 1x1 64>384 14x14", CONVOLUTION, STORE_DENSE,
     8, 1, 100, 64, 384, 14, 1, 1},
    {"panels of 8, dense", "MobileNetV2 1x1 160>960 7x7", CONVOLUTION, STORE_DENSE,
     8, 1, 100, 160, 960, 7, 1, 1},
    {"linear, dense", "Swin-T 96>96 3136 tokens", LINEAR, STORE_DENSE,
     8, 1, 100, 96, 96, 3136, 1, 1},
    {"panels of 8 in pairs, 30 %", "ResNet-50 1x1 256>64 56x56", CONVOLUTION, STORE_SHARED,
     8, 2, 30, 256, 64, 56, 1, 1},
    {"panels of 8 in pairs, 30 %", "ResNet-50 3x3 64>64 56x56", CONVOLUTION, STORE_SHARED,
     8, 2, 30, 64, 64, 56, 3, 1},
    {"panels of 8 in pairs, 30 %", "Swin-T 96>288 3136 tokens", LINEAR, STORE_SHARED,
     8, 2, 30, 96, 288, 3136, 1, 1},
    {"panels of 4, 50 %", "ResNet-50 1x1 64>64 56x56", CONVOLUTION, STORE_SHARED,
     4, 1, 50, 64, 64, 56, 1, 1},
    {"panels of 4, 50 %", "MobileNetV2 1x1 160>960 7x7", CONVOLUTION, STORE_SHARED,
     4, 1, 50, 160, 960, 7, 1, 1},
    {"panels of 2, 50 %", "ResNet-50 1x1 64>64 56x56", CONVOLUTION, STORE_SHARED,
     2, 1, 50, 64, 64, 56, 1, 1},
    {"panels of 1, 10 %", "ResNet-50 1x1 256>64 56x56", CONVOLUTION, STORE_SHARED,
     1, 1, 10, 256, 64, 56, 1, 1},
    {"patterns, 50 %", "ResNet-50 1x1 64>64 56x56", CONVOLUTION, STORE_PATTERNS,
     4, 1, 50, 64, 64, 56, 1, 1},
    {"patterns, 50 %", "MobileNetV2 1x1 160>960 7x7", CONVOLUTION, STORE_PATTERNS,
     4, 1, 50, 160, 960, 7, 1, 1},
    {"patterns, 50 %", "Swin-T 96>96 3136 tokens", LINEAR, STORE_PATTERNS,
     4, 1, 50, 96, 96, 3136, 1, 1},
    {"row pairs, 50 %", "ResNet-50 1x1 64>64 56x56", CONVOLUTION, STORE_PAIRS,
     2, 128, 50, 64, 64, 56, 1, 1},
    {"row pairs, 50 %", "MobileNetV2 1x1 160>960 7x7", CONVOLUTION, STORE_PAIRS,
     2, 128, 50, 160, 960, 7, 1, 1},
    {"row pairs, 50 %", "Swin-T 96>96 3136 tokens", LINEAR, STORE_PAIRS,
     2, 128, 50, 96, 96, 3136, 1, 1},
    {"Winograd 4x4, dense", "ResNet-50 3x3 64>64 56x56", CONVOLUTION, STORE_WINOGRAD_4,
     8, 1, 100, 64, 64, 56, 3, 1},
    {"Winograd 2x2, dense", "ResNet-50 3x3 64>64 56x56", CONVOLUTION, STORE_WINOGRAD_2,
     8, 1, 100, 64, 64, 56, 3, 1},
    {"vector, dense", "ResNet-50 2048>1000", LINEAR, STORE_DENSE,
     8, 1, 100, 2048, 1000, 1, 1, 1},
    {"vector, panels of 8, 50 %", "ResNet-50 2048>1000", LINEAR, STORE_SHARED,
     8, 1, 50, 2048, 1000, 1, 1, 1},
    {"vector, sliced ELLPACK, 50 %", "MobileNetV2 1280>1000", LINEAR, STORE_SLICED_ELLPACK,
     16, 1, 50, 1280, 1000, 1, 1, 1},
    {"vector, N:4, 2 of 4", "ResNet-50 2048>1000", LINEAR, STORE_N_OF_FOUR,
     16, 1, 50, 2048, 1000, 1, 1, 1},
    {"vector, bitmap, 50 %", "ResNet-50 2048>1000", LINEAR, STORE_BITMAP,
     16, 1, 50, 2048, 1000, 1, 1, 1},
    {"depthwise", "MobileNetV2 3x3 by 2 96 56x56", CONVOLUTION, STORE_DEPTHWISE,
     1, 1, 100, 96, 96, 56, 3, 2},
    {"depthwise", "MobileNetV2 3x3 144 56x56", CONVOLUTION, STORE_DEPTHWISE,
     1, 1, 100, 144, 144, 56, 3, 1},
    {"depthwise", "MobileNetV2 3x3 960 7x7", CONVOLUTION, STORE_DEPTHWISE,
     1, 1, 100, 960, 960, 7, 3, 1},
    {"depthwise", "EfficientNet-B0 5x5 240 28x28", CONVOLUTION, STORE_DEPTHWISE,
     1, 1, 100, 240, 240, 28, 5, 1},
    {"product", "Swin-T queries by keys, 49 tokens", PRODUCT, STORE_DENSE,
     1, 1, 100, 32, 49, 49, 1, 1},
    {"product", "Swin-T weights by values, 49 tokens", PRODUCT, STORE_DENSE,
     1, 1, 100, 49, 32, 49, 1, 1},
    {"softmax", "ViT-B16 12 heads, 197 tokens", SOFTMAX, STORE_DENSE,
     1, 1, 100, 197, 197, 197, 1, 1},
    {"normalisation", "ViT-B16 768, 197 tokens", NORMALISATION, STORE_DENSE,
     1, 1, 100, 768, 768, 197, 1, 1},
};

int kernel_case_count(void) { return sizeof cases / sizeof *cases; }

const char *kernel_case_name(int index) {
  static char name[128];
  snprintf(name, sizeof name, "%s | %s", cases[index].family, cases[index].layer);
  return name;
}

float *kernel_run_floats(kernel_run *run, int64_t count) {
  random_source r = {(uint64_t)run->buffer_count};
  guarded g = guarded_make((size_t)count * sizeof(float), 1);
  fill_random((float *)g.memory, count, 1, &r);
  run->buffers[run->buffer_count++] = g;
  return (float *)g.memory;
}

kernel_run *kernel_run_make(int index, int isa) {
  static void (*const prepare[])(kernel_run *, const kernel_case *, esp_isa) = {
      prepare_convolution, prepare_linear, prepare_product, prepare_softmax,
      prepare_normalisation};
  kernel_run *run = calloc(1, sizeof *run);
  if (!run) abort();
  prepare[cases[index].kind](run, &cases[index], (esp_isa)isa);
  return run;
}

void kernel_run_free(kernel_run *run) {
  run_memory_free(&run->memory);
  if (run->weight.values.mapping) packed_free(&run->weight);
  for (int i = 0; i < run->buffer_count; i++) guarded_free(&run->buffers[i]);
  free(run);
}

int kernel_run_tasks(const kernel_run *run) { return run->task_count; }

int64_t kernel_run_items(const kernel_run *run, int task) { return run->tasks[task].items; }

int64_t kernel_run_work(const kernel_run *run) { return run->work; }

void kernel_run_part(kernel_run *run, int task, int64_t items) {
  esp_worker worker = {.scratch = run->memory.worker[0].memory};
  run->tasks[task].run(run->tasks[task].arguments, 0, items, &worker);
}
