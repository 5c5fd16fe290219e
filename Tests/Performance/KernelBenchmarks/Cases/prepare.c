#include "cases.h"

/// A random weight, pruned and packed as the case has it.
static esp_weight packed(kernel_run *run, const kernel_case *c, int32_t rows, int32_t columns,
                         int32_t groups) {
  random_source r = {7};
  guarded dense = guarded_make((size_t)rows * (size_t)columns * sizeof(float), 1);
  fill_random((float *)dense.memory, (int64_t)rows * columns, 1, &r);
  prune_for(c->store, (float *)dense.memory, rows, columns, groups, c->height, c->lists, c->keep, &r);
  run->weight = pack_weight(c->store, (float *)dense.memory, rows, columns, groups, c->height,
                            c->lists, 128, 1);
  guarded_free(&dense);
  return run->weight.weight;
}

void prepare_convolution(kernel_run *run, const kernel_case *c, esp_isa isa) {
  const int32_t groups = c->store == STORE_DEPTHWISE ? c->in : 1;
  const int32_t in_map = c->extent * c->stride, taps = c->kernel * c->kernel;
  const esp_convolution layer = {
      .batch = 1, .in_channels = c->in, .in_h = in_map, .in_w = in_map,
      .out_channels = c->out, .out_h = c->extent, .out_w = c->extent,
      .kernel_h = c->kernel, .kernel_w = c->kernel, .stride_h = c->stride, .stride_w = c->stride,
      .dilation_h = 1, .dilation_w = 1, .pad_top = c->kernel / 2, .pad_left = c->kernel / 2,
      .weight = packed(run, c, c->out, c->in / groups * taps, groups),
      .epilogue = {.bias = kernel_run_floats(run, c->out), .activation = ESP_ACTIVATION_RELU},
      .x = kernel_run_floats(run, (int64_t)c->in * in_map * in_map),
      .y = kernel_run_floats(run, (int64_t)c->out * c->extent * c->extent)};
  run->memory = run_memory_make(esp_convolution_requirements(&layer, isa), 1);
  const char *kernel;
  run->task_count = esp_convolution_prepare(&layer, isa, run->memory.prepared.memory,
                                            run->memory.shared.memory, run->tasks, &kernel);
  run->work = (int64_t)c->out * (c->in / groups) * taps * c->extent * c->extent * c->keep / 100;
  if (groups > 1) run->work *= 4;  // as much again for the borders, and no weight serves two rows
}

void prepare_linear(kernel_run *run, const kernel_case *c, esp_isa isa) {
  const esp_linear layer = {
      .tokens = c->extent, .in_features = c->in, .out_features = c->out,
      .weight = packed(run, c, c->out, c->in, 1),
      .epilogue = {.bias = kernel_run_floats(run, c->out)},
      .x = kernel_run_floats(run, (int64_t)c->extent * c->in),
      .y = kernel_run_floats(run, (int64_t)c->extent * c->out)};
  run->memory = run_memory_make(esp_linear_requirements(&layer, isa), 1);
  const char *kernel;
  run->task_count = esp_linear_prepare(&layer, isa, run->memory.prepared.memory,
                                       run->memory.shared.memory, run->tasks, &kernel);
  run->work = (int64_t)layer.weight.value_count * c->extent;
}

void prepare_product(kernel_run *run, const kernel_case *c, esp_isa isa) {
  for (int32_t i = 0; i < HEADS; i++) {
    run->offsets[0][i] = (int64_t)i * c->extent * c->in;
    run->offsets[1][i] = (int64_t)i * c->out * c->in;
  }
  const esp_matrix_product product = {
      .batch = HEADS, .m = c->extent, .n = c->out, .k = c->in,
      .transpose_b = c->out == c->extent, .scale = 0.125f,
      .a_offsets = run->offsets[0], .b_offsets = run->offsets[1],
      .a = kernel_run_floats(run, (int64_t)HEADS * c->extent * c->in),
      .b = kernel_run_floats(run, (int64_t)HEADS * c->out * c->in),
      .c = kernel_run_floats(run, (int64_t)HEADS * c->extent * c->out)};
  run->memory = run_memory_make(esp_matrix_product_requirements(&product, isa), 1);
  const char *kernel;
  run->task_count = esp_matrix_product_prepare(&product, isa, run->memory.prepared.memory,
                                               run->memory.shared.memory, run->tasks, &kernel);
  run->work = (int64_t)HEADS * c->extent * c->out * c->in;
}

void prepare_softmax(kernel_run *run, const kernel_case *c, esp_isa isa) {
  const int64_t rows = (int64_t)HEADS * c->extent;
  run->softmax = (esp_softmax){
      .kind = ESP_SOFTMAX, .outer = rows, .extent = c->in, .inner = 1,
      .x = kernel_run_floats(run, rows * c->in), .y = kernel_run_floats(run, rows * c->in)};
  run->memory = run_memory_make((esp_requirements){0}, 1);
  run->tasks[0] = esp_softmax_task(&run->softmax, isa);
  run->task_count = 1;
  run->work = rows * c->in * 24;
}

void prepare_normalisation(kernel_run *run, const kernel_case *c, esp_isa isa) {
  const int64_t count = (int64_t)c->extent * c->in;
  run->normalize = (esp_normalize){
      .kind = ESP_NORMALIZE_MEAN_VARIANCE, .groups = c->extent, .extent = c->in,
      .affine_inner = 1, .affine_count = c->in, .epsilon = 1e-6f,
      .x = kernel_run_floats(run, count), .y = kernel_run_floats(run, count),
      .scale = kernel_run_floats(run, c->in), .bias = kernel_run_floats(run, c->in)};
  run->memory = run_memory_make((esp_requirements){0}, 1);
  run->tasks[0] = esp_normalize_task(&run->normalize, isa);
  run->task_count = 1;
  run->work = count * 12;
}
