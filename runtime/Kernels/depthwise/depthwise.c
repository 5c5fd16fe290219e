// Depthwise convolution: each output channel is one filter over bands of padded rows in a worker's
// scratch, so small that they stay in the nearest cache.
#include "esp_prepared_depthwise.h"

#include <math.h>
#include <string.h>

#include "../pack/esp_pack.h"

/// Floats of a band, unless a single row takes more.
enum { BAND_FLOATS = 6 << 10 };

/// Kernels read up to four vectors of at most 16 floats behind what they need.
enum { SLACK = 64 };

static int32_t smaller(int64_t a, int64_t b) { return (int32_t)(a < b ? a : b); }

/// How far apart the first and the last tap are, and one.
static int32_t reach(int32_t kernel, int32_t dilation) { return (kernel - 1) * dilation + 1; }

/// Input rows that `rows` output rows meet.
static int64_t padded_rows(const esp_convolution *c, int64_t rows) {
  return (rows - 1) * c->stride_h + reach(c->kernel_h, c->dilation_h);
}

/// Row pitch of a phase. Phase q holds padded columns q, q + stride, ...: zeros, then pixels, then
/// as many zeros as the last output still meets. Those may be the next row's first.
static ptrdiff_t pitch_of(const esp_convolution *c, const esp_depthwise_layout *l) {
  const int64_t s = c->stride_w, last = reach(c->kernel_w, c->dilation_w) - 1;
  int64_t pitch = 1;
  for (int32_t q = 0; q < l->column_phases && q < l->left + l->columns; q++) {
    const int64_t zeros = l->left > q ? (l->left - q + s - 1) / s : 0;
    const int64_t pixels = ((int64_t)l->left + l->columns - q + s - 1) / s;
    const int64_t met = c->out_w + (last - q) / s - zeros;
    if (pixels > pitch) pitch = pixels;
    if (met > pitch) pitch = met;
  }
  return (ptrdiff_t)pitch;
}

static void lay_out(esp_prepared_depthwise *prepared) {
  const esp_convolution *c = &prepared->c;
  const int32_t wide = reach(c->kernel_w, c->dilation_w), high = reach(c->kernel_h, c->dilation_h);
  const int64_t width = (int64_t)(c->out_w - 1) * c->stride_w + wide;
  esp_depthwise_layout *l = &prepared->layout;
  *l = (esp_depthwise_layout){
      .stride_h = c->stride_h, .stride_w = c->stride_w, .left = smaller(c->pad_left, width),
      .row_phases = smaller(high, c->stride_h), .column_phases = smaller(wide, c->stride_w)};
  l->columns = smaller(c->in_w, width - l->left);
  l->pitch = pitch_of(c, l);
  const int64_t more = (high - 1) / c->stride_h;
  const int64_t rows =
      BAND_FLOATS / ((int64_t)l->row_phases * l->column_phases * l->pitch) - more;
  prepared->band = smaller(rows < 7 ? 7 : rows / 7 * 7, c->out_h);
  // Filling writes up to a vector behind a row; and the last row's zeros, too, may be those of a
  // row behind it.
  l->column_phase = (prepared->band + more) * l->pitch + l->left / c->stride_w + 16;
  l->row_phase = l->column_phases * l->column_phase;
  prepared->band_floats = (size_t)(l->row_phases * l->row_phase) + SLACK;
  prepared->together = 1;
  if (prepared->band == c->out_h && prepared->band_floats < BAND_FLOATS) {
    prepared->together = (int32_t)(BAND_FLOATS / prepared->band_floats);
  }
}

/// Whether reading all rows as one takes clearly fewer vectors.
static int is_flat(const esp_prepared_depthwise *prepared) {
  const esp_convolution *c = &prepared->c;
  const int64_t width = prepared->set->depthwise->width;
  const int64_t whole = ((c->out_h - 1) * prepared->layout.pitch + c->out_w + width - 1) / width;
  return c->kernel_h * (int64_t)c->kernel_w <= ESP_DEPTHWISE_TAPS && prepared->band == c->out_h &&
         c->out_w < width && whole * 4 <= c->out_h * INT64_C(3);
}

esp_prepared_depthwise esp_prepared_depthwise_of(const esp_convolution *c,
                                         const esp_kernel_set *set) {
  esp_prepared_depthwise prepared = {.c = *c, .set = set};
  lay_out(&prepared);
  const esp_activation function = c->epilogue.activation;
  prepared.low = function == ESP_ACTIVATION_RELU   ? 0
             : function == ESP_ACTIVATION_CLIP ? c->epilogue.a
                                               : -INFINITY;
  prepared.high = function == ESP_ACTIVATION_CLIP ? c->epilogue.b : INFINITY;
  prepared.activates = function > ESP_ACTIVATION_CLIP;
  const esp_depthwise_kernels *kernels = prepared.set->depthwise;
  const int square = c->kernel_h == c->kernel_w && c->dilation_h == 1 && c->dilation_w == 1 &&
                     c->stride_h == c->stride_w && c->stride_h <= 2;
  prepared.run = kernels->any;
  if (is_flat(&prepared)) {
    prepared.run = kernels->flat;
    for (int32_t t = 0; t < c->kernel_h * c->kernel_w; t++) {
      const int32_t down = t / c->kernel_w * c->dilation_h, right = t % c->kernel_w * c->dilation_w;
      prepared.taps[t] = (int32_t)esp_depthwise_tap(&prepared.layout, down, right);
    }
  } else if (square && c->kernel_h == 3) {
    prepared.run = c->stride_h == 1 ? kernels->three : kernels->three_by_two;
  } else if (square && c->kernel_h == 5) {
    prepared.run = c->stride_h == 1 ? kernels->five : kernels->five_by_two;
  }
  return prepared;
}

static int runs_flat(const esp_prepared_depthwise *prepared) {
  return prepared->run == prepared->set->depthwise->flat;
}

size_t esp_depthwise_scratch(const esp_prepared_depthwise *prepared) {
  size_t floats = prepared->band_floats * (size_t)prepared->together;
  if (runs_flat(prepared)) floats += (size_t)(prepared->c.out_h * prepared->layout.pitch) + SLACK;
  return floats * sizeof(float);
}

void esp_depthwise_clear(const esp_prepared_depthwise *prepared, float *scratch) {
  memset(scratch, 0, prepared->band_floats * (size_t)prepared->together * sizeof(float));
}

void esp_depthwise_input_rows(const esp_prepared_depthwise *prepared, int32_t first, int32_t last,
                              int32_t *begin, int32_t *end) {
  const esp_convolution *c = &prepared->c;
  const int64_t top = (int64_t)first * c->stride_h - c->pad_top;
  const int64_t below = top + padded_rows(c, last - first);
  *begin = top < 0 ? 0 : smaller(top, c->in_h);
  *end = below < *begin ? *begin : smaller(below, c->in_h);
}

/// One band of output rows, read from a filled one.
static void run_band(const esp_prepared_depthwise *prepared, int64_t plane, int32_t first,
                     int32_t rows, const float *band, float *sums) {
  const esp_convolution *c = &prepared->c;
  const int64_t row = plane % c->out_channels, to = (plane * c->out_h + first) * c->out_w;
  const esp_depthwise_call call = {
      .layout = &prepared->layout, .band = band,
      .kernel_h = c->kernel_h, .kernel_w = c->kernel_w,
      .dilation_h = c->dilation_h, .dilation_w = c->dilation_w,
      .rows = rows, .columns = c->out_w,
      .weights = esp_weight_floats(&c->weight) + row * c->weight.columns,
      .start = c->epilogue.bias ? c->epilogue.bias[row] : 0,
      .y = c->y + to,
      .residual = c->epilogue.residual ? c->epilogue.residual + to : 0,
      .low = prepared->low, .high = prepared->high,
      .taps = prepared->taps, .sums = sums,
  };
  prepared->run(&call);
  if (prepared->activates)
    prepared->set->pack->activate(call.y, 0, 1, rows * c->out_w, &c->epilogue);
}

void esp_depthwise_rows(const esp_prepared_depthwise *prepared, int64_t plane, int32_t planes,
                        int32_t first, int32_t last, const esp_depthwise_source *x,
                        float *scratch) {
  const esp_convolution *c = &prepared->c;
  const int64_t multiplier = c->out_channels / c->in_channels;
  for (int32_t from = 0; from < planes; from += prepared->together) {
    const int32_t to = smaller((int64_t)from + prepared->together, planes);
    for (int32_t at = first; at < last; at += prepared->band) {
      const int32_t end = smaller((int64_t)at + prepared->band, last);
      esp_depthwise_fill fill = {
          .layout = &prepared->layout, .from_pitch = c->in_w, .top = at * c->stride_h - c->pad_top,
          .rows = (int32_t)padded_rows(c, end - at), .zeroes = prepared->band < c->out_h};
      esp_depthwise_input_rows(prepared, at, end, &fill.first, &fill.last);
      for (int32_t p = from; p < to; p++) {
        fill.band = scratch + (size_t)(p - from) * prepared->band_floats;
        fill.from = x->plane + ((plane + p) / multiplier - plane / multiplier) * x->stride +
                    (int64_t)(fill.first - x->row) * c->in_w;
        prepared->set->depthwise->fill(&fill);
      }
      float *sums = scratch + prepared->band_floats * (size_t)prepared->together;
      for (int32_t p = from; p < to; p++) {
        const float *band = scratch + (size_t)(p - from) * prepared->band_floats;
        run_band(prepared, plane + p, at, end - at, band, sums);
      }
    }
  }
}

/// Items are output channels of images.
static void run_planes(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  const esp_prepared_depthwise *prepared = arguments;
  const esp_convolution *c = &prepared->c;
  const int64_t multiplier = c->out_channels / c->in_channels, plane = (int64_t)c->in_h * c->in_w;
  const esp_depthwise_source x = {.plane = c->x + first / multiplier * plane, .stride = plane};
  esp_depthwise_clear(prepared, worker->scratch);
  esp_depthwise_rows(prepared, first, (int32_t)(last - first), 0, c->out_h, &x, worker->scratch);
}

esp_requirements esp_depthwise_requirements(const esp_convolution *c,
                                            const esp_kernel_set *set) {
  const esp_prepared_depthwise prepared = esp_prepared_depthwise_of(c, set);
  return (esp_requirements){.prepared_bytes = (sizeof prepared + 63) & ~(size_t)63,
                            .worker_bytes = esp_depthwise_scratch(&prepared)};
}

int esp_depthwise_prepare(const esp_convolution *c, const esp_kernel_set *set, void *memory,
                          esp_task tasks[2], const char **kernel) {
  esp_prepared_depthwise *prepared = memory;
  *prepared = esp_prepared_depthwise_of(c, set);
  *kernel = "convolution.depthwise";
  tasks[0] = (esp_task){
      .run = run_planes, .arguments = prepared, .items = (int64_t)c->batch * c->out_channels};
  return 1;
}
