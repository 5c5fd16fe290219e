#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../../runtime/Kernels/reference/esp_reference.h"
#include "CEspalierKernelChecks.h"
#include "packing.h"
#include "running.h"

typedef struct {
  esp_convolution c;
  store_kind store;
  int32_t height, panels_per_list, column_block, keep;
  int at_start, residual;  // residual: 0 none, 1 apart, 2 the output itself
} convolution_case;

static int run_case(esp_isa isa, convolution_case *k, random_source *r, char *message,
                    size_t size) {
  esp_convolution *c = &k->c;
  const int32_t groups = c->weight.groups;
  const int32_t columns = c->in_channels / groups * c->kernel_h * c->kernel_w;
  const int32_t depthwise = k->store == STORE_DEPTHWISE;
  const int64_t input = (int64_t)c->batch * c->in_channels * c->in_h * c->in_w;
  const int64_t output = (int64_t)c->batch * c->out_channels * c->out_h * c->out_w;
  const size_t bytes = (size_t)output * sizeof(float);
  guarded dense = guarded_make((size_t)c->out_channels * (size_t)columns * sizeof(float), 0);
  float *w = (float *)dense.memory;
  fill_random(w, (int64_t)c->out_channels * columns, 1 / sqrtf((float)columns), r);
  prune_for(k->store, w, c->out_channels, columns, groups, k->height, k->panels_per_list, k->keep,
            r);
  packed_weight packed = pack_weight(k->store, w, c->out_channels, columns, groups, k->height,
                                     k->panels_per_list, k->column_block, k->at_start);
  c->weight = packed.weight;
  guarded x = guarded_make((size_t)input * sizeof(float), k->at_start);
  guarded y = guarded_make(bytes, k->at_start), want = guarded_make(bytes, 0);
  guarded bias = guarded_make((size_t)c->out_channels * sizeof(float), k->at_start);
  guarded residual = guarded_make(bytes, k->at_start);
  fill_random((float *)x.memory, input, 1, r);
  fill_random((float *)bias.memory, c->out_channels, 1, r);
  fill_random((float *)residual.memory, output, 1, r);
  c->x = (const float *)x.memory;
  c->y = (float *)want.memory;
  if (random_below(r, 4)) c->epilogue.bias = (const float *)bias.memory;
  if (k->residual) c->epilogue.residual = (const float *)residual.memory;
  esp_reference_convolution(c, w);
  c->y = (float *)y.memory;
  if (k->residual == 2) {
    memcpy(y.memory, residual.memory, bytes);
    c->epilogue.residual = c->y;
  }
  run_memory memory = run_memory_make(esp_convolution_requirements(c, isa), k->at_start);
  esp_task tasks[2];
  const char *kernel = "";
  const int count =
      esp_convolution_prepare(c, isa, memory.prepared.memory, memory.shared.memory, tasks, &kernel);
  run_tasks(tasks, count, &memory, r);
  const int64_t wrong = first_difference(c->y, (float *)want.memory, output, 2e-5f);
  int failed = wrong >= 0;
  const float got = failed ? c->y[wrong] : 0, wanted = failed ? ((float *)want.memory)[wrong] : 0;
  int intact = run_memory_free(&memory);
  intact &= packed_free(&packed);
  intact &= guarded_free(&x);
  intact &= guarded_free(&y);
  intact &= guarded_free(&bias);
  intact &= guarded_free(&residual);
  guarded_free(&want);
  guarded_free(&dense);
  failed |= !intact;
  if (failed) {
    snprintf(message, size,
             "%s %s: %dx%dx%dx%d -> %dx%dx%d, kernel %dx%d, stride %dx%d, dilation %dx%d, pads %d "
             "%d, %d groups, store %d, panels of %d, %d per list, blocks of %d, activation %d, "
             "residual %d, depthwise %d: %s at %lld: %g, not %g",
             esp_isa_name(isa), kernel, c->batch, c->in_channels, c->in_h, c->in_w,
             c->out_channels, c->out_h, c->out_w, c->kernel_h, c->kernel_w, c->stride_h,
             c->stride_w, c->dilation_h, c->dilation_w, c->pad_top, c->pad_left, groups,
             k->store, k->height, k->panels_per_list, k->column_block,
             (int)c->epilogue.activation, k->residual, depthwise,
             intact ? "wrong" : "written beside a buffer", (long long)wrong, got, wanted);
  }
  return failed;
}

/// Output extents for an input and geometry; 0 where the kernel does not fit.
static int32_t extent(int32_t in, int32_t kernel, int32_t stride, int32_t dilation, int32_t pads) {
  const int32_t reach = in + pads - (kernel - 1) * dilation - 1;
  return reach < 0 ? 0 : reach / stride + 1;
}

static int random_geometry(esp_convolution *c, random_source *r) {
  static const int32_t kernels[] = {1, 1, 2, 3, 3, 3, 4, 5, 7};
  c->kernel_h = kernels[random_below(r, 9)];
  c->kernel_w = random_below(r, 4) ? c->kernel_h : kernels[random_below(r, 9)];
  c->stride_h = random_below(r, 2) ? 1 : 1 + random_below(r, 3);
  c->stride_w = random_below(r, 4) ? c->stride_h : 1 + random_below(r, 3);
  c->dilation_h = random_below(r, 4) ? 1 : 1 + random_below(r, 3);
  c->dilation_w = random_below(r, 4) ? c->dilation_h : 1 + random_below(r, 3);
  c->in_h = random_below(r, 4) ? random_extent(r, 20) : 1;
  c->in_w = random_extent(r, 40);
  c->pad_top = random_below(r, c->kernel_h + 1);
  c->pad_left = random_below(r, c->kernel_w + 1);
  c->out_h = extent(c->in_h, c->kernel_h, c->stride_h, c->dilation_h,
                    c->pad_top + random_below(r, c->kernel_h + 1));
  c->out_w = extent(c->in_w, c->kernel_w, c->stride_w, c->dilation_w,
                    c->pad_left + random_below(r, c->kernel_w + 1));
  // Rows that a stride leaves as many pixels of as there are to compute are packed by shifts.
  if (random_below(r, 2)) c->out_w = (c->in_w - 1) / c->stride_w + 1;
  return c->out_h > 0 && c->out_w > 0;
}

static int random_case(esp_isa isa, int depthwise, random_source *r, char *message, size_t size) {
  static const int32_t heights[] = {1, 2, 4, 8}, blocks[] = {16, 64, 100, 128};
  convolution_case k = {0};
  esp_convolution *c = &k.c;
  c->batch = 1 + random_below(r, 2);
  while (!random_geometry(c, r)) {}
  if (depthwise) {
    const int32_t channels = 1 + random_below(r, 5);
    c->in_channels = channels;
    c->out_channels = channels * (1 + random_below(r, 2));
    c->weight.groups = channels;
    k.store = STORE_DEPTHWISE;
  } else {
    const int32_t groups = random_below(r, 3) ? 1 : 1 + random_below(r, 4);
    c->in_channels = groups * random_extent(r, 24);
    c->out_channels = groups * random_extent(r, groups == 1 ? 70 : 20);
    c->weight.groups = groups;
    k.store = (store_kind)random_below(r, 4);
  }
  k.height = heights[random_below(r, 4)];
  k.panels_per_list = 1 + random_below(r, 3);
  k.column_block = blocks[random_below(r, 4)];
  k.keep = 5 + random_below(r, 90);
  k.at_start = random_below(r, 2);
  k.residual = random_below(r, 3);
  c->epilogue = random_epilogue(r);
  return run_case(isa, &k, r, message, size);
}

/// 1 x 1 convolutions over every number of pixels up to past four vectors, each packing and height.
static int every_width(esp_isa isa, random_source *r, char *message, size_t size) {
  static const int32_t heights[] = {1, 2, 4, 8};
  for (int32_t pixels = 1; pixels <= 100; pixels++) {
    for (int kind = 0; kind < 10; kind++) {
      convolution_case k = {.store = kind < 4    ? STORE_DENSE
                                     : kind < 8  ? STORE_SHARED
                                     : kind == 8 ? STORE_PATTERNS
                                                 : STORE_PAIRS,
                            .height = heights[kind & 3], .panels_per_list = 2, .column_block = 8,
                            .keep = 40, .at_start = pixels & 1, .residual = pixels % 3};
      k.c = (esp_convolution){.batch = 1, .in_channels = 11, .in_h = 1, .in_w = pixels,
                              .out_channels = 1 + pixels % 19, .out_h = 1, .out_w = pixels,
                              .kernel_h = 1, .kernel_w = 1, .stride_h = 1, .stride_w = 1,
                              .dilation_h = 1, .dilation_w = 1};
      k.c.weight.groups = 1;
      k.c.epilogue.activation = ESP_ACTIVATION_RELU;
      if (run_case(isa, &k, r, message, size)) return 1;
    }
  }
  return 0;
}

/// Enough columns that every packing cuts them into blocks, with a short last one, over maps of
/// about 7 x 7.
static int many_columns(esp_isa isa, random_source *r, char *message, size_t size) {
  static const int32_t heights[] = {1, 2, 4, 8}, in_channels[] = {531, 2100, 700};
  for (int kind = 0; kind < 30; kind++) {
    const int shape = kind / 10, packing = kind % 10, stride = 1 + shape / 2;
    convolution_case k = {.store = packing < 4    ? STORE_DENSE
                                   : packing < 8  ? STORE_SHARED
                                   : packing == 8 ? STORE_PATTERNS
                                                  : STORE_PAIRS,
                          .height = heights[packing & 3], .panels_per_list = 2,
                          .column_block = 128, .keep = 30, .at_start = kind & 1,
                          .residual = kind % 3};
    const int32_t kernel = shape == 1 ? 1 : 3, out = 7 + shape % 2 * random_below(r, 2);
    const int32_t channels = in_channels[shape], map = out * stride;
    k.c = (esp_convolution){.batch = 1, .in_channels = channels, .in_h = map, .in_w = map,
                            .out_channels = 41, .out_h = out, .out_w = out,
                            .kernel_h = kernel, .kernel_w = kernel,
                            .stride_h = stride, .stride_w = stride,
                            .dilation_h = 1, .dilation_w = 1,
                            .pad_top = kernel / 2, .pad_left = kernel / 2};
    k.c.weight.groups = 1;
    k.c.epilogue = random_epilogue(r);
    if (run_case(isa, &k, r, message, size)) return 1;
  }
  return 0;
}

/// Maps so large that tiles are gathered from the input.
static int large_maps(esp_isa isa, random_source *r, char *message, size_t size) {
  for (int kind = 0; kind < 4; kind++) {
    convolution_case k = {.store = (store_kind)kind, .height = kind ? 4 : 8,
                          .panels_per_list = 1, .column_block = 64, .keep = 20,
                          .at_start = kind & 1};
    const int32_t stride = 1 + kind % 2, in = 560 + 10 * kind + random_below(r, 3);
    k.c = (esp_convolution){.batch = 1, .in_channels = 8, .in_h = in, .in_w = in - 1,
                            .out_channels = 2, .out_h = extent(in, 2, stride, 2, 3),
                            .out_w = extent(in - 1, 7, stride, 1, 5),
                            .kernel_h = 2, .kernel_w = 7, .stride_h = stride, .stride_w = stride,
                            .dilation_h = 2, .dilation_w = 1, .pad_top = 2, .pad_left = 3};
    if (stride == 2) k.c.in_channels = 17;
    k.c.weight.groups = 1;
    if (run_case(isa, &k, r, message, size)) return 1;
  }
  return 0;
}

static int absent(int isa, char *message, size_t size) {
  if (esp_isa_available((esp_isa)isa)) return 0;
  snprintf(message, size, "this processor has no %s", esp_isa_name((esp_isa)isa));
  return 1;
}

int esp_check_convolution(int isa, uint32_t seed, char *message, size_t size) {
  if (absent(isa, message, size)) return 1;
  random_source r = {seed};
  if (every_width((esp_isa)isa, &r, message, size)) return 1;
  if (large_maps((esp_isa)isa, &r, message, size)) return 1;
  if (many_columns((esp_isa)isa, &r, message, size)) return 1;
  for (int i = 0; i < 400; i++) {
    if (random_case((esp_isa)isa, 0, &r, message, size)) return 1;
  }
  return 0;
}

/// 3 x 3 convolutions through Winograd's transforms, over maps and channels of every remainder.
int esp_check_winograd(int isa, uint32_t seed, char *message, size_t size) {
  if (absent(isa, message, size)) return 1;
  random_source r = {seed};
  for (int i = 0; i < 300; i++) {
    convolution_case k = {.store = i % 2 ? STORE_WINOGRAD_4 : STORE_WINOGRAD_2, .height = 8};
    esp_convolution *c = &k.c;
    *c = (esp_convolution){.batch = 1 + random_below(&r, 2),
                           .in_channels = random_extent(&r, 40),
                           .out_channels = random_extent(&r, 70),
                           .kernel_h = 3, .kernel_w = 3, .stride_h = 1, .stride_w = 1,
                           .dilation_h = 1, .dilation_w = 1,
                           .pad_top = random_below(&r, 4), .pad_left = random_below(&r, 4)};
    c->weight.groups = 1;
    do {
      c->in_h = random_extent(&r, 40);
      c->in_w = random_extent(&r, 70);
      c->out_h = extent(c->in_h, 3, 1, 1, c->pad_top + random_below(&r, 4));
      c->out_w = extent(c->in_w, 3, 1, 1, c->pad_left + random_below(&r, 4));
    } while (c->out_h < 1 || c->out_w < 1);
    k.at_start = random_below(&r, 2);
    k.residual = random_below(&r, 3);
    c->epilogue = random_epilogue(&r);
    if (run_case((esp_isa)isa, &k, &r, message, size)) return 1;
  }
  return 0;
}

int esp_check_depthwise(int isa, uint32_t seed, char *message, size_t size) {
  if (absent(isa, message, size)) return 1;
  random_source r = {seed};
  for (int i = 0; i < 400; i++) {
    if (random_case((esp_isa)isa, 1, &r, message, size)) return 1;
  }
  return 0;
}
