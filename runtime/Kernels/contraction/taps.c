#include "esp_taps.h"

/// Bit j: lane j of a tile.
typedef struct lane_set {
  uint64_t words[ESP_TILE_LANES / 64];
} lane_set;

/// Adds lanes begin ..< end, as far as the tile has them.
static void add_lanes(lane_set *set, int64_t begin, int64_t end, int32_t columns) {
  if (begin < 0) begin = 0;
  if (end > columns) end = columns;
  for (int64_t word = 0; word < ESP_TILE_LANES / 64; word++) {
    const int64_t from = begin > 64 * word ? begin - 64 * word : 0;
    const int64_t to = end < 64 * (word + 1) ? end - 64 * word : 64;
    if (from < to) set->words[word] |= ~0ull >> (64 - (to - from)) << from;
  }
}

/// Where a tap lies along one axis: output position p meets position p + shift of a phase.
typedef struct axis_tap {
  int64_t phase, shift, length;
} axis_tap;

static axis_tap along(int32_t tap, int32_t stride, int32_t dilation, int32_t pad, int32_t length) {
  const int32_t phase = tap % stride, start = esp_phase_start(phase, pad, stride);
  return (axis_tap){
      .phase = phase,
      .shift = ((int64_t)tap * dilation - pad - start) / stride,
      .length = start < length ? (length - start - 1) / stride + 1 : 0,
  };
}

static int32_t divide_up(int32_t a, int32_t b) { return (a - 1) / b + 1; }

int esp_taps_are_shifts(const esp_convolution *c) {
  return c->kernel_h <= ESP_MOST_TAPS && c->kernel_w <= ESP_MOST_TAPS / c->kernel_h &&
         (c->stride_h == 1 || c->dilation_h == 1) && (c->stride_w == 1 || c->dilation_w == 1) &&
         divide_up(c->in_w, c->stride_w) == c->out_w;
}

int32_t esp_phases_down(const esp_convolution *c) {
  return c->kernel_h < c->stride_h ? c->kernel_h : c->stride_h;
}

int32_t esp_phases_across(const esp_convolution *c) {
  return c->kernel_w < c->stride_w ? c->kernel_w : c->stride_w;
}

int32_t esp_phase_rows(const esp_convolution *c) { return divide_up(c->in_h, c->stride_h); }

int32_t esp_phase_start(int32_t index, int32_t pad, int32_t stride) {
  const int32_t start = (int32_t)(((int64_t)index - pad) % stride);
  return start < 0 ? start + stride : start;
}

void esp_taps_fill(const esp_convolution *c, int32_t width, int32_t start, int32_t columns,
                   esp_tap taps[ESP_MOST_TAPS]) {
  const int64_t row_length = c->out_w, plane = esp_phase_rows(c) * row_length;
  const int32_t first_row = start / c->out_w, last_row = (start + columns - 1) / c->out_w;
  for (int32_t kx = 0; kx < c->kernel_w; kx++) {
    const axis_tap across = along(kx, c->stride_w, c->dilation_w, c->pad_left, c->in_w);
    lane_set inside = {{0}};
    for (int32_t row = first_row; row <= last_row; row++) {
      const int64_t lane = row * row_length - start;
      const int64_t begin = across.shift < 0 ? -across.shift : 0;
      const int64_t end = across.length - across.shift;
      add_lanes(&inside, lane + begin, lane + (end < row_length ? end : row_length), columns);
    }
    for (int32_t ky = 0; ky < c->kernel_h; ky++) {
      const axis_tap down = along(ky, c->stride_h, c->dilation_h, c->pad_top, c->in_h);
      lane_set rows = {{0}};
      add_lanes(&rows, -down.shift * row_length - start,
                (down.length - down.shift) * row_length - start, columns);
      esp_tap *tap = &taps[ky * c->kernel_w + kx];
      const int64_t phase = down.phase * esp_phases_across(c) + across.phase;
      tap->offset = (ptrdiff_t)(phase * plane + down.shift * row_length + across.shift);
      for (int32_t v = 0; v * width < columns; v++) {
        const int32_t lane = v * width, word = lane / 64;
        const uint64_t both = inside.words[word] & rows.words[word];
        tap->lanes[v] = (uint16_t)(both >> lane % 64 & ((1u << width) - 1));
      }
    }
  }
}
