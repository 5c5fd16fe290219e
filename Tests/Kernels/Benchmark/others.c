#include "others.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "../Checks/packing.h"
#include "../Checks/running.h"
#include "peak.h"

static double best_time(const esp_task *tasks, int count, run_memory *memory) {
  esp_worker worker = {.scratch = memory->worker[0].memory};
  double best = 1e9;
  for (double until = seconds_now() + 0.15; seconds_now() < until;) {
    const double begin = seconds_now();
    for (int t = 0; t < count; t++) tasks[t].run(tasks[t].arguments, 0, tasks[t].items, &worker);
    const double took = seconds_now() - begin;
    if (took < best) best = took;
  }
  return best;
}

static guarded filled(int64_t count, random_source *r) {
  guarded g = guarded_make((size_t)count * sizeof(float), 1);
  fill_random((float *)g.memory, count, 1, r);
  return g;
}

static void report(const char *name, double flops, double bytes, double seconds, double peak) {
  printf("%-44s %9.1f us %7.1f GFLOP/s %3.0f%% %6.1f GB/s\n", name, seconds * 1e6,
         flops / seconds * 1e-9, 100 * flops / seconds / peak, bytes / seconds * 1e-9);
  fflush(stdout);
}

static void time_linear(esp_isa isa, double peak, int32_t tokens, int32_t in, int32_t out,
                        store_kind store, int32_t height, int32_t keep, esp_activation f) {
  static const char *const stores[] = {"dense", "lists", "patterns", "pairs", "sliced ELLPACK", "N:4"};
  random_source r = {5};
  const int64_t count = (int64_t)in * out;
  guarded dense = filled(count, &r);
  prune_for(store, (float *)dense.memory, out, in, 1, height, 2, keep, &r);
  packed_weight p = pack_weight(store, (float *)dense.memory, out, in, 1, height, 2, 128, 1);
  guarded x = filled((int64_t)tokens * in, &r), y = filled((int64_t)tokens * out, &r);
  guarded bias = filled(out, &r);
  const esp_linear l = {.tokens = tokens, .in_features = in, .out_features = out,
                        .weight = p.weight,
                        .epilogue = {.bias = (float *)bias.memory, .activation = f, .a = 1},
                        .x = (float *)x.memory, .y = (float *)y.memory};
  run_memory memory = run_memory_make(esp_linear_requirements(&l, isa), 1);
  esp_task tasks[2];
  const char *kernel;
  const int n =
      esp_linear_prepare(&l, isa, memory.prepared.memory, memory.shared.memory, tasks, &kernel);
  const double seconds = best_time(tasks, n, &memory);
  char name[96];
  snprintf(name, sizeof name, "linear %dx%d->%d %s %d, %d%%%s", tokens, in, out, stores[store],
           height, store == STORE_DENSE ? 100 : keep, f == ESP_ACTIVATION_GELU ? " gelu" : "");
  report(name, 2.0 * tokens * (double)p.weight.value_count,
         (double)p.values.bytes + (double)p.column.bytes, seconds, peak);
  run_memory_free(&memory);
  packed_free(&p);
  guarded_free(&dense);
  guarded_free(&x);
  guarded_free(&y);
  guarded_free(&bias);
}

static void time_product(esp_isa isa, double peak, int32_t batch, int32_t m, int32_t n, int32_t k,
                         int transpose_b) {
  random_source r = {5};
  int64_t *a_offsets = malloc((size_t)batch * sizeof *a_offsets);
  int64_t *b_offsets = malloc((size_t)batch * sizeof *b_offsets);
  for (int32_t i = 0; i < batch; i++) {
    a_offsets[i] = (int64_t)i * m * k;
    b_offsets[i] = (int64_t)i * n * k;
  }
  guarded a = filled((int64_t)batch * m * k, &r), b = filled((int64_t)batch * n * k, &r);
  guarded c = filled((int64_t)batch * m * n, &r);
  const esp_matrix_product p = {.batch = batch, .m = m, .n = n, .k = k,
                                .transpose_b = transpose_b,
                                .a_offsets = a_offsets, .b_offsets = b_offsets, .scale = 0.125f,
                                .a = (float *)a.memory, .b = (float *)b.memory,
                                .c = (float *)c.memory};
  run_memory memory = run_memory_make(esp_matrix_product_requirements(&p, isa), 1);
  esp_task tasks[2];
  const char *kernel;
  const int count = esp_matrix_product_prepare(&p, isa, memory.prepared.memory,
                                               memory.shared.memory, tasks, &kernel);
  const double seconds = best_time(tasks, count, &memory);
  char name[96];
  snprintf(name, sizeof name, "product %d x %dx%dx%d%s", batch, m, n, k,
           transpose_b ? ", B transposed" : "");
  report(name, 2.0 * batch * m * (double)n * k, (double)c.bytes, seconds, peak);
  run_memory_free(&memory);
  guarded_free(&a);
  guarded_free(&b);
  guarded_free(&c);
  free(a_offsets);
  free(b_offsets);
}

/// Heads cut out of one product of queries, keys and values.
static void time_attention(esp_isa isa, double peak, int32_t batch, int32_t heads, int32_t tokens,
                           int32_t size) {
  random_source r = {5};
  const int64_t width = (int64_t)heads * size, count = batch * tokens * width;
  guarded x = filled(3 * count, &r), y = filled(count, &r);
  const float *all = (const float *)x.memory;
  esp_attention a = {.batch = batch, .heads = heads, .queries = tokens, .keys = tokens,
                     .size = size, .value_size = size, .scale = 0.125f,
                     .out = {0, tokens * width, size, width}, .y = (float *)y.memory};
  esp_heads *operands[] = {&a.q, &a.k, &a.v};
  for (int i = 0; i < 3; i++) {
    *operands[i] = (esp_heads){all + i * width, 3 * tokens * width, size, 3 * width};
  }
  run_memory memory = run_memory_make(esp_attention_requirements(&a, isa), 1);
  esp_task tasks[2];
  const char *kernel;
  const int n =
      esp_attention_prepare(&a, isa, memory.prepared.memory, memory.shared.memory, tasks, &kernel);
  const double seconds = best_time(tasks, n, &memory);
  char name[96];
  snprintf(name, sizeof name, "attention %d x %d heads, %d tokens of %d", batch, heads, tokens,
           size);
  report(name, 4.0 * (double)count * tokens, (double)(x.bytes + y.bytes), seconds, peak);
  run_memory_free(&memory);
  guarded_free(&x);
  guarded_free(&y);
}

static void time_depthwise(esp_isa isa, double peak, int32_t channels, int32_t map, int32_t kernel,
                           int32_t stride) {
  random_source r = {5};
  const int32_t out = (map + stride - 1) / stride, taps = kernel * kernel;
  guarded w = filled((int64_t)channels * taps, &r);
  guarded x = filled((int64_t)channels * map * map, &r);
  guarded y = filled((int64_t)channels * out * out, &r);
  const esp_convolution c = {
      .batch = 1, .in_channels = channels, .in_h = map, .in_w = map, .out_channels = channels,
      .out_h = out, .out_w = out, .kernel_h = kernel, .kernel_w = kernel, .stride_h = stride,
      .stride_w = stride, .dilation_h = 1, .dilation_w = 1, .pad_top = kernel / 2,
      .pad_left = kernel / 2,
      .weight = {.packing = ESP_PACKING_DEPTHWISE, .rows = channels, .columns = taps,
                 .groups = channels, .element = ESP_F32, .values = w.memory},
      .epilogue = {.activation = ESP_ACTIVATION_CLIP, .a = 0, .b = 6},
      .x = (float *)x.memory, .y = (float *)y.memory};
  run_memory memory = run_memory_make(esp_convolution_requirements(&c, isa), 1);
  esp_task tasks[2];
  const char *name_of;
  const int count = esp_convolution_prepare(&c, isa, memory.prepared.memory, memory.shared.memory,
                                            tasks, &name_of);
  const double seconds = best_time(tasks, count, &memory);
  char name[96];
  snprintf(name, sizeof name, "depthwise %dx%d/%d %d @%d", kernel, kernel, stride, channels, out);
  report(name, 2.0 * channels * taps * out * (double)out, (double)(x.bytes + y.bytes), seconds,
         peak);
  run_memory_free(&memory);
  guarded_free(&w);
  guarded_free(&x);
  guarded_free(&y);
}

void benchmark_others(esp_isa isa, double peak) {
  const esp_activation none = ESP_ACTIVATION_NONE;
  time_linear(isa, peak, 197, 768, 768, STORE_DENSE, 8, 100, none);
  time_linear(isa, peak, 197, 768, 3072, STORE_DENSE, 8, 100, ESP_ACTIVATION_GELU);
  time_linear(isa, peak, 197, 3072, 768, STORE_DENSE, 8, 100, none);
  time_linear(isa, peak, 128, 384, 1536, STORE_DENSE, 8, 100, none);
  // Lengths of sequences that fill tiles badly must not cost more for each token.
  static const int32_t lengths[] = {1, 7, 13, 49, 50, 128, 196, 197, 384};
  for (int i = 0; i < 9; i++) {
    time_linear(isa, peak, lengths[i], 768, 768, STORE_DENSE, 8, 100, none);
  }
  for (int i = 0; i < 9; i++) {
    time_linear(isa, peak, lengths[i], 768, 768, STORE_SHARED, 8, 30, none);
  }
  time_linear(isa, peak, 197, 768, 768, STORE_SHARED, 4, 50, none);
  time_linear(isa, peak, 197, 768, 768, STORE_PATTERNS, 4, 50, none);
  static const int32_t heights[] = {8, 4, 2, 1};
  for (int i = 0; i < 4; i++) {
    time_linear(isa, peak, 1, 4096, 4096, STORE_DENSE, heights[i], 100, none);
    time_linear(isa, peak, 1, 4096, 4096, STORE_SHARED, heights[i], 50, none);
  }
  time_linear(isa, peak, 1, 4096, 4096, STORE_SLICED_ELLPACK, 16, 50, none);
  time_linear(isa, peak, 1, 2048, 1000, STORE_DENSE, 8, 100, none);
  time_linear(isa, peak, 4, 2048, 1000, STORE_DENSE, 8, 100, none);
  time_attention(isa, peak, 1, 12, 197, 64);
  time_attention(isa, peak, 64, 3, 49, 32);
  time_attention(isa, peak, 1, 12, 49, 32);
  time_attention(isa, peak, 1, 12, 384, 64);
  time_product(isa, peak, 12, 197, 197, 64, 1);
  time_product(isa, peak, 12, 197, 64, 197, 0);
  time_product(isa, peak, 1, 512, 512, 512, 0);
  time_depthwise(isa, peak, 32, 112, 3, 1);
  time_depthwise(isa, peak, 96, 112, 3, 2);
  time_depthwise(isa, peak, 144, 56, 3, 1);
  time_depthwise(isa, peak, 240, 28, 5, 1);
  time_depthwise(isa, peak, 384, 14, 3, 1);
  time_depthwise(isa, peak, 672, 14, 5, 2);
  time_depthwise(isa, peak, 960, 7, 3, 1);
  time_depthwise(isa, peak, 1152, 7, 5, 1);
}
