// Depthwise convolution: each output channel is one filter over one padded plane in a worker's
// scratch.
#include <math.h>

#include "../contraction/esp_convolution_plan.h"
#include "../contraction/esp_rows.h"

typedef struct esp_depthwise_plan {
  esp_convolution c;
  const esp_kernel_set *set;
  esp_depthwise_function run;
  int32_t rows, part;
  float low, high;
  int32_t activates;
} esp_depthwise_plan;

static int32_t padded_rows(const esp_convolution *c) {
  return (c->out_h - 1) * c->stride_h + (c->kernel_h - 1) * c->dilation_h + 1;
}

static int32_t part_width(const esp_convolution *c) {
  return c->out_w + (c->kernel_w - 1) * c->dilation_w / c->stride_w;
}

esp_requirements esp_depthwise_requirements(const esp_convolution *c) {
  // Kernels read whole vectors of at most 16 floats.
  const size_t pitch = (size_t)part_width(c) * (size_t)c->stride_w;
  return (esp_requirements){
      .plan_bytes = (sizeof(esp_depthwise_plan) + 63) & ~(size_t)63,
      .worker_bytes = ((size_t)padded_rows(c) * pitch + 16) * sizeof(float),
  };
}

/// Items are output channels of images.
static void run_planes(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  const esp_depthwise_plan *plan = arguments;
  const esp_convolution *c = &plan->c;
  const int32_t multiplier = c->out_channels / c->in_channels;
  const ptrdiff_t pitch = (ptrdiff_t)plan->part * c->stride_w;
  float *plane = worker->scratch;
  int64_t filled = -1;
  for (int64_t item = first; item < last; item++) {
    const int64_t input = item / multiplier, row = item % c->out_channels;
    if (input != filled) {
      const float *from = c->x + input * c->in_h * c->in_w;
      // Zeros around the image stay from one image to the next.
      if (filled < 0) memset(plane, 0, (size_t)(plan->rows * pitch) * sizeof(float));
      for (int32_t q = 0; q < c->stride_w; q++) {
        const esp_window window = {
            .top = -c->pad_top, .left = q - c->pad_left,
            .stride_h = 1, .stride_w = c->stride_w, .rows = plan->rows, .columns = plan->part};
        esp_copy_window(plan->set->pack, &window, plane + q * plan->part, pitch, from, c->in_h,
                        c->in_w);
      }
      filled = input;
    }
    const int64_t at = item * c->out_h * c->out_w;
    const esp_depthwise_call call = {
        .plane = plane, .pitch = pitch, .part = plan->part,
        .kernel_h = c->kernel_h, .kernel_w = c->kernel_w,
        .stride_h = c->stride_h, .stride_w = c->stride_w,
        .dilation_h = c->dilation_h, .dilation_w = c->dilation_w,
        .out_h = c->out_h, .out_w = c->out_w,
        .weights = c->weight.values + row * c->weight.columns,
        .start = c->epilogue.bias ? c->epilogue.bias[row] : 0,
        .y = c->y + at,
        .residual = c->epilogue.residual ? c->epilogue.residual + at : 0,
        .low = plan->low, .high = plan->high,
    };
    plan->run(&call);
    if (plan->activates) {
      plan->set->pack->activate(call.y, 0, 1, c->out_h * c->out_w, &c->epilogue);
    }
  }
}

int esp_depthwise_prepare(const esp_convolution *c, esp_isa isa, void *memory, esp_task tasks[2],
                          const char **kernel) {
  esp_depthwise_plan *plan = memory;
  *plan = (esp_depthwise_plan){
      .c = *c, .set = esp_kernel_set_for(isa), .rows = padded_rows(c), .part = part_width(c)};
  plan->low = c->epilogue.activation == ESP_ACTIVATION_RELU   ? 0
              : c->epilogue.activation == ESP_ACTIVATION_CLIP ? c->epilogue.a
                                                              : -INFINITY;
  plan->high = c->epilogue.activation == ESP_ACTIVATION_CLIP ? c->epilogue.b : INFINITY;
  plan->activates = c->epilogue.activation > ESP_ACTIVATION_CLIP;
  const esp_depthwise_kernels *kernels = plan->set->depthwise;
  const int square = c->kernel_h == c->kernel_w && c->dilation_h == 1 && c->dilation_w == 1 &&
                     c->stride_h == c->stride_w && c->stride_h <= 2;
  plan->run = kernels->any;
  if (square && c->kernel_h == 3) {
    plan->run = c->stride_h == 1 ? kernels->three : kernels->three_by_two;
  } else if (square && c->kernel_h == 5) {
    plan->run = c->stride_h == 1 ? kernels->five : kernels->five_by_two;
  }
  *kernel = "convolution.depthwise";
  tasks[0] = (esp_task){
      .run = run_planes, .arguments = plan, .items = (int64_t)c->batch * c->out_channels};
  return 1;
}
