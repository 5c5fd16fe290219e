#include "plain.h"

enum { SLAB = 128 };

/// Output positions along one axis for which position * stride + shift lies in 0 ..< extent.
static esp_range inside(int64_t shift, int64_t stride, int64_t extent, int64_t first,
                        int64_t last) {
  int64_t begin = shift >= 0 ? 0 : esp_ceiling_quotient(-shift, stride);
  int64_t end = shift >= extent ? 0 : (extent - 1 - shift) / stride + 1;
  return (esp_range){esp_maximum(begin, first), esp_minimum(end, last)};
}

/// total[i] += weight * row[i * stride] for i < count.
static inline void add_row(float *total, float weight, const float *row, int64_t stride,
                           int64_t count) {
  if (stride == 1) {
    for (int64_t i = 0; i < count; i++) total[i] += weight * row[i];
  } else {
    for (int64_t i = 0; i < count; i++) total[i] += weight * row[i * stride];
  }
}

/// One slab of an output row: columns first ..< last of row (z, y) in plane (n, o).
static void slab(const esp_convolution_plain *c, int64_t n, int64_t o, int64_t z, int64_t y,
                 int64_t first, int64_t last, float *out) {
  int64_t group_in = c->in_channels / c->groups;
  int64_t group = o / (c->out_channels / c->groups);
  float total[SLAB];
  for (int64_t i = 0; i < last - first; i++) total[i] = c->bias ? c->bias[o] : 0.0f;
  int64_t stride = c->stride[2], rows = c->kernel[0] * c->kernel[1];
  for (int64_t kx = 0; kx < c->kernel[2]; kx++) {
    int64_t shift = kx * c->dilation[2] - c->pad[2];
    esp_range range = inside(shift, stride, c->in[2], first, last);
    if (range.first >= range.last) continue;
    for (int64_t ic = 0; ic < group_in; ic++) {
      const float *plane =
          c->x + (n * c->in_channels + group * group_in + ic) * c->in[0] * c->in[1] * c->in[2];
      const float *w = c->w + (o * group_in + ic) * rows * c->kernel[2] + kx;
      for (int64_t k = 0; k < rows; k++, w += c->kernel[2]) {
        int64_t in_z = z * c->stride[0] + k / c->kernel[1] * c->dilation[0] - c->pad[0];
        int64_t in_y = y * c->stride[1] + k % c->kernel[1] * c->dilation[1] - c->pad[1];
        if (in_z < 0 || in_z >= c->in[0] || in_y < 0 || in_y >= c->in[1]) continue;
        int64_t row = (in_z * c->in[1] + in_y) * c->in[2] + range.first * stride + shift;
        add_row(total + (range.first - first), *w, plane + row, stride, range.last - range.first);
      }
    }
  }
  memcpy(out, total, (size_t)(last - first) * sizeof(float));
}

static int64_t row_cost(const esp_convolution_plain *c) {
  return c->out[2] * (c->in_channels / c->groups) * esp_product(c->kernel, 0, 3);
}

static int64_t rows(const esp_convolution_plain *c) {
  return c->out[2] == 0 ? 0 : c->batch * c->out_channels * c->out[0] * c->out[1];
}

static void run(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)worker;
  const esp_convolution_plain *c = arguments;
  esp_range range = esp_units(first, last, rows(c), row_cost(c));
  for (int64_t at = range.first; at < range.last; at++) {
    int64_t y = at % c->out[1], z = at / c->out[1] % c->out[0];
    int64_t plane = at / c->out[1] / c->out[0];
    int64_t o = plane % c->out_channels, n = plane / c->out_channels;
    for (int64_t start = 0; start < c->out[2]; start += SLAB) {
      slab(c, n, o, z, y, start, esp_minimum(start + SLAB, c->out[2]),
           c->y + at * c->out[2] + start);
    }
  }
}

esp_task esp_convolution_plain_task(esp_convolution_plain *c, esp_isa isa) {
  (void)isa;
  return esp_task_of_units(run, c, rows(c), row_cost(c));
}
