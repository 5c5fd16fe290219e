// Times convolutions of ResNet-50 with dense and pruned weights on one thread.
//
//   benchmark [isa] [cold] [winograd | others | vectors] [filter]   isa: scalar, neon, avx2,
//   avx512, or the best
//
// For each layer: microseconds (those of copying planes, too), GFLOP/s and share of the measured
// multiply-add peak, dense; then, for each kind of pruning, how many times faster, and the share of
// peak that its remaining work reaches. "cold" evicts weights and their lists before each run,
// as the rest of a model would. "winograd" times 3 x 3 convolutions of ResNet-50 and VGG-16 through
// Winograd's transforms instead (shares of peak count the direct multiplications), "others" linear
// layers, products and depthwise convolutions, "vectors" fully connected layers of one token, dense
// and pruned, from cache and from memory.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../Checks/packing.h"
#include "../Checks/running.h"
#include "others.h"
#include "peak.h"
#include "vectors.h"

typedef struct {
  int32_t in, out, map, kernel, stride, count;  // map: extent of the output
} layer;

static const layer layers[] = {
    {3, 64, 112, 7, 2, 1},
    {64, 64, 56, 1, 1, 1},     {64, 64, 56, 3, 1, 3},    {64, 256, 56, 1, 1, 4},
    {256, 64, 56, 1, 1, 2},    {256, 128, 56, 1, 1, 1},  {128, 128, 28, 3, 2, 1},
    {128, 512, 28, 1, 1, 4},   {256, 512, 28, 1, 2, 1},  {512, 128, 28, 1, 1, 3},
    {128, 128, 28, 3, 1, 3},   {512, 256, 28, 1, 1, 1},  {256, 256, 14, 3, 2, 1},
    {256, 1024, 14, 1, 1, 6},  {512, 1024, 14, 1, 2, 1}, {1024, 256, 14, 1, 1, 5},
    {256, 256, 14, 3, 1, 5},   {1024, 512, 14, 1, 1, 1}, {512, 512, 7, 3, 2, 1},
    {512, 2048, 7, 1, 1, 3},   {1024, 2048, 7, 1, 2, 1}, {2048, 512, 7, 1, 1, 2},
    {512, 512, 7, 3, 1, 2},
};
static const layer transformed_layers[] = {
    {64, 64, 56, 3, 1, 3},     {128, 128, 28, 3, 1, 3},  {256, 256, 14, 3, 1, 5},
    {512, 512, 7, 3, 1, 2},    {64, 64, 224, 3, 1, 1},   {64, 128, 112, 3, 1, 1},
    {128, 128, 112, 3, 1, 1},  {128, 256, 56, 3, 1, 1},  {256, 256, 56, 3, 1, 2},
    {256, 512, 28, 3, 1, 1},   {512, 512, 28, 3, 1, 2},  {512, 512, 14, 3, 1, 3},
};

/// Zeroes in groups of `rows` by `columns` input channels: `keep` of each 4 columns, or, where that
/// is 0, `share` percent of the groups as a whole; or nothing, where it is 1.
typedef struct {
  const char *name;
  store_kind store;
  int32_t rows, columns, keep, share, height, together;
} kind;

static const kind kinds[] = {
    {"dense", STORE_DENSE, 1, 1, 1, 0, 8, 1},
    {"16x8 70%", STORE_SHARED, 16, 8, 0, 30, 8, 2},
    {"8x1 70%", STORE_SHARED, 8, 1, 0, 30, 8, 1},
    {"8:2:4", STORE_SHARED, 8, 4, 2, 0, 8, 1},
    {"4:2:4", STORE_SHARED, 4, 4, 2, 0, 4, 1},
    {"2:4", STORE_PAIRS, 1, 4, 2, 0, 2, 128},
    {"any 90%", STORE_PAIRS, 1, 1, 0, 10, 2, 128},
};
static const kind transformed_kinds[] = {
    {"dense", STORE_DENSE, 1, 1, 1, 0, 8, 1},
    {"F(2x2)", STORE_WINOGRAD_2, 1, 1, 1, 0, 8, 1},
    {"F(4x4)", STORE_WINOGRAD_4, 1, 1, 1, 0, 8, 1},
};
enum { MOST_KINDS = sizeof kinds / sizeof *kinds };

/// What a run of the benchmark goes through; the first kind is dense.
typedef struct {
  const layer *layers;
  const kind *kinds;
  int layer_count, kind_count;
} series;

#define SERIES(layers, kinds) \
  {layers, kinds, sizeof layers / sizeof *layers, sizeof kinds / sizeof *kinds}
static const series pruned = SERIES(layers, kinds);
static const series transformed = SERIES(transformed_layers, transformed_kinds);

/// Zeroes what the kind of pruning takes away. Columns of one tap lie `taps` apart.
static void prune(float *w, const kind *kind, const layer *l, random_source *r) {
  const int32_t taps = l->kernel * l->kernel, columns = l->in * taps;
  if (kind->keep == 1) return;
  for (int32_t o = 0; o < l->out; o += kind->rows) {
    for (int32_t tap = 0; tap < taps; tap++) {
      for (int32_t ic = 0; ic < l->in; ic += kind->columns) {
        int32_t drop[8] = {0};
        if (kind->keep == 0) {
          const int32_t all = random_below(r, 100) >= kind->share;
          for (int32_t i = 0; i < kind->columns; i++) drop[i] = all;
        } else {
          for (int32_t left = kind->columns - kind->keep; left > 0;) {
            const int32_t i = random_below(r, kind->columns);
            if (!drop[i]) drop[i] = 1, left--;
          }
        }
        for (int32_t i = 0; i < kind->columns && ic + i < l->in; i++) {
          for (int32_t row = o; drop[i] && row < o + kind->rows && row < l->out; row++) {
            w[(int64_t)row * columns + (ic + i) * taps + tap] = 0;
          }
        }
      }
    }
  }
}

static void evict(const void *memory, size_t bytes) {
#if defined(__x86_64__)
  for (size_t i = 0; i < bytes; i += 64) __builtin_ia32_clflush((const char *)memory + i);
#else
  (void)memory, (void)bytes;
#endif
}

typedef struct { double seconds, copy, density; } measurement;

static measurement measure(const layer *l, const kind *kind, esp_isa isa, int cold) {
  random_source r = {7};
  const int32_t taps = l->kernel * l->kernel, columns = l->in * taps;
  const int64_t count = (int64_t)l->out * columns;
  float *w = malloc((size_t)count * sizeof *w);
  fill_random(w, count, 1 / sqrtf((float)columns), &r);
  prune(w, kind, l, &r);
  int64_t kept = 0;
  for (int64_t i = 0; i < count; i++) kept += w[i] != 0;
  // Blocks of row pairs as the converter cuts them: whole windows of four channels.
  const int32_t window = 4 * taps <= 72 ? 4 * taps : 1;
  const int32_t cuts = columns < 36 ? 1 : (columns + 36) / 72;
  const int32_t even = (columns + cuts - 1) / cuts;
  const int32_t block = (even + window - 1) / window * window;
  packed_weight p = pack_weight(kind->store, w, l->out, columns, 1, kind->height, kind->together,
                                block, 1);
  const int32_t in_map = l->map * l->stride, pad = (l->kernel - 1) / 2;
  esp_convolution c = {
      .batch = 1, .in_channels = l->in, .in_h = in_map, .in_w = in_map,
      .out_channels = l->out, .out_h = l->map, .out_w = l->map,
      .kernel_h = l->kernel, .kernel_w = l->kernel, .stride_h = l->stride, .stride_w = l->stride,
      .dilation_h = 1, .dilation_w = 1, .pad_top = pad, .pad_left = pad,
      .weight = p.weight,
      .epilogue = {.activation = ESP_ACTIVATION_RELU},
  };
  guarded x = guarded_make((size_t)l->in * (size_t)(in_map * in_map) * sizeof(float), 1);
  guarded y = guarded_make((size_t)l->out * (size_t)(l->map * l->map) * sizeof(float), 1);
  guarded bias = guarded_make((size_t)l->out * sizeof(float), 1);
  fill_random((float *)x.memory, (int64_t)x.bytes / 4, 1, &r);
  fill_random((float *)bias.memory, l->out, 1, &r);
  c.x = (const float *)x.memory;
  c.y = (float *)y.memory;
  c.epilogue.bias = (const float *)bias.memory;
  run_memory memory = run_memory_make(esp_convolution_requirements(&c, isa), 1);
  esp_task tasks[2];
  const char *name;
  const int n =
      esp_convolution_prepare(&c, isa, memory.prepared.memory, memory.shared.memory, tasks, &name);
  esp_worker worker = {.scratch = memory.worker[0].memory};
  double best = 1e9, copied = 0, copy = 0;
  for (double until = seconds_now() + 0.15; seconds_now() < until;) {
    if (cold) {
      evict(p.values.memory, p.values.bytes);
      evict(memory.prepared.memory, memory.prepared.bytes);
    }
    const double begin = seconds_now();
    for (int t = 0; t < n; t++) {
      tasks[t].run(tasks[t].arguments, 0, tasks[t].items, &worker);
      if (t + 1 < n) copied = seconds_now() - begin;
    }
    const double took = seconds_now() - begin;
    if (took < best) best = took, copy = copied;
  }
  run_memory_free(&memory);
  packed_free(&p);
  guarded_free(&x);
  guarded_free(&y);
  guarded_free(&bias);
  free(w);
  return (measurement){best, copy, (double)kept / (double)count};
}

int main(int argc, char **argv) {
  esp_isa isa = esp_detect_isa();
  int cold = 0, others = 0, vectors = 0;
  const series *s = &pruned;
  const char *filter = "";
  for (int i = 1; i < argc; i++) {
    int found = 0;
    for (int k = 0; k < 4; k++) {
      if (strcmp(argv[i], esp_isa_name((esp_isa)k)) == 0) isa = (esp_isa)k, found = 1;
    }
    if (found) continue;
    if (strcmp(argv[i], "others") == 0) others = 1;
    else if (strcmp(argv[i], "vectors") == 0) vectors = 1;
    else if (strcmp(argv[i], "cold") == 0) cold = 1;
    else if (strcmp(argv[i], "winograd") == 0) s = &transformed;
    else filter = argv[i];
  }
  if (!esp_isa_available(isa)) {
    fprintf(stderr, "this processor has no %s\n", esp_isa_name(isa));
    return 1;
  }
  const double peak = measured_peak(isa);
  printf("%s, one thread, peak %.1f GFLOP/s, %s\n", esp_isa_name(isa), peak * 1e-9,
         cold ? "cold" : "warm");
  if (vectors) {
    benchmark_vectors(isa);
    return 0;
  }
  if (others) {
    benchmark_others(isa, peak);
    return 0;
  }
  printf("%-26s %3s %8s %6s %8s %5s", "layer", "n", "us", "copy", "GFLOP/s", "peak");
  for (int k = 1; k < s->kind_count; k++) printf("  %9s %5s", s->kinds[k].name, "peak");
  printf("\n");
  double total[MOST_KINDS] = {0}, flops = 0;
  for (int i = 0; i < s->layer_count; i++) {
    const layer *l = &s->layers[i];
    char name[64];
    snprintf(name, sizeof name, "%dx%d/%d %d->%d @%d", l->kernel, l->kernel, l->stride, l->in,
             l->out, l->map);
    if (!strstr(name, filter)) continue;
    const double work =
        2.0 * l->in * l->kernel * l->kernel * l->out * l->map * (double)l->map;
    const measurement dense = measure(l, &s->kinds[0], isa, cold);
    printf("%-26s %3d %8.1f %6.1f %8.1f %4.0f%%", name, l->count, dense.seconds * 1e6,
           dense.copy * 1e6,
           work / dense.seconds * 1e-9, 100 * work / dense.seconds / peak);
    flops += work * l->count;
    total[0] += dense.seconds * l->count;
    for (int k = 1; k < s->kind_count; k++) {
      // The first layer has 3 input channels: pruned models keep it dense.
      const measurement m = l->in < 4 ? dense : measure(l, &s->kinds[k], isa, cold);
      printf("  %8.2fx %4.0f%%", dense.seconds / m.seconds,
             100 * work * m.density / m.seconds / peak);
      total[k] += m.seconds * l->count;
    }
    printf("\n");
    fflush(stdout);
  }
  printf("%-30s %8.1f        %8.1f %4.0f%%", "all", total[0] * 1e6, flops / total[0] * 1e-9,
         100 * flops / total[0] / peak);
  for (int k = 1; k < s->kind_count; k++) printf("  %8.2fx      ", total[0] / total[k]);
  printf("\n");
  return 0;
}
