// Winograd convolution: a block of tiles is transformed, multiplied and transformed back while it
// is in cache.
//
//   v[position][channel][tile]   a block's input, transformed
//   m[position][row][tile]       its products with a strip of the weight
//   z[line][pixel]               one row of m, transformed along rows of pixels
//
// Where there are few blocks, a first task transforms them all, and items are one strip of one
// block; else each item is a block, and its v is in the worker's scratch.
#include "esp_prepared_winograd.h"

#include <math.h>

#include "../contraction/esp_prepared_weight.h"
#include "../pack/esp_pack.h"
#include "../panel/esp_panel.h"
#include "esp_winograd.h"

enum {
  HEIGHT = ESP_WINOGRAD_HEIGHT,
  BATCH_TILES = 48,
  BATCH_BYTES = 7 << 18,  // of v
  FEW_BATCHES = 4,
  CHANNELS = 8,           // of an item of the first task
};

typedef struct esp_prepared_winograd {
  esp_convolution c;
  const esp_kernel_set *set;
  const esp_winograd_kernels *kernels;
  /// Pixels of a tile each way: of the output, of the input; tiles of an image.
  int32_t m, n, tiles_h, tiles_w;
  /// All images' tiles, row by row, cut into blocks.
  esp_tiling blocks;
  int32_t strips;
  /// Floats between channels of v and rows of m; of a line of the input and of z.
  int32_t pitch, line;
  /// Floats between positions, and between blocks of v.
  ptrdiff_t v_stride, m_stride, v_block;
  /// All blocks, or null where workers have one each.
  float *shared;
  /// Where each channel begins in v; what sums start from.
  int32_t *offsets;
  float *zeros;
  float low, high;
  int32_t activates;
} esp_prepared_winograd;

static int32_t divide_up(int32_t count, int32_t by) { return count / by + (count % by != 0); }

/// As many tiles as fill some calls of the micro-kernel, within BATCH_TILES and BATCH_BYTES.
static esp_tiling blocks_of(const esp_prepared_winograd *prepared) {
  const esp_panel_shape *shape = &prepared->set->panel->shape[3];
  const int32_t width = prepared->set->width,
                tiles = prepared->c.batch * prepared->tiles_h * prepared->tiles_w;
  const int64_t bytes = (int64_t)(prepared->n * prepared->n * width) * prepared->c.in_channels * 4;
  int32_t vectors = BATCH_TILES / width;
  if (bytes * vectors > BATCH_BYTES) vectors = (int32_t)(BATCH_BYTES / bytes);
  if (vectors < 1) vectors = 1;
  const int32_t whole = shape->one_more && vectors == ESP_PANEL_WHOLE ? ESP_PANEL_WHOLE : 0;
  return esp_tiling_of(tiles, width, vectors, whole, HEIGHT);
}

static esp_requirements lay_out(esp_prepared_winograd *prepared, const esp_convolution *c,
                                const esp_kernel_set *set, void *memory, void *shared) {
  uintptr_t at = (uintptr_t)memory;
  esp_take(&at, sizeof *prepared);
  *prepared = (esp_prepared_winograd){.c = *c, .set = set};
  prepared->m = c->weight.packing == ESP_PACKING_WINOGRAD_2 ? 2 : 4;
  prepared->n = prepared->m + 2;
  prepared->kernels = &prepared->set->winograd[prepared->m / 4];
  prepared->tiles_h = divide_up(c->out_h, prepared->m);
  prepared->tiles_w = divide_up(c->out_w, prepared->m);
  prepared->blocks = blocks_of(prepared);
  prepared->strips = divide_up(c->out_channels, ESP_WINOGRAD_STRIP);
  prepared->pitch = prepared->blocks.pitch;
  const int32_t width = prepared->set->width, positions = prepared->n * prepared->n;
  prepared->line = prepared->m * (prepared->pitch + 2 * width);
  // A vector more, since tiles of the input are stored in whole vectors; it also keeps positions
  // from falling on the same few places of a cache.
  prepared->v_stride = (ptrdiff_t)c->in_channels * prepared->pitch + 16;
  prepared->m_stride = (ptrdiff_t)ESP_WINOGRAD_STRIP * prepared->pitch + 16;
  prepared->v_block = positions * prepared->v_stride;
  prepared->offsets = esp_take(&at, (size_t)c->in_channels * sizeof(int32_t));
  prepared->zeros = esp_take(&at, HEIGHT * sizeof(float));
  const int few = prepared->blocks.tiles < FEW_BATCHES;
  if (few) prepared->shared = shared;
  const ptrdiff_t own =
      positions * prepared->m_stride + 2 * prepared->n * (ptrdiff_t)prepared->line;
  return (esp_requirements){
      .prepared_bytes = at - (uintptr_t)memory,
      .shared_bytes =
          few ? (size_t)prepared->blocks.tiles * (size_t)prepared->v_block * sizeof(float) : 0,
      .worker_bytes = (size_t)(own + (few ? 0 : prepared->v_block)) * sizeof(float),
  };
}

/// Some tiles of a block that lie in one row of an image, the first of them tile `at` of the block.
typedef struct esp_winograd_piece {
  int32_t at, tiles, image, row, column;
} esp_winograd_piece;

static esp_winograd_piece first_piece(const esp_prepared_winograd *prepared, int32_t first) {
  const int32_t row = first / prepared->tiles_w;
  return (esp_winograd_piece){.column = first % prepared->tiles_w,
                              .row = row % prepared->tiles_h,
                              .image = row / prepared->tiles_h};
}

/// Sets how many tiles the piece has, where the block has `tiles`; 0 at its end.
static int is_piece(const esp_prepared_winograd *prepared, esp_winograd_piece *p, int32_t tiles) {
  const int32_t left = tiles - p->at, row = prepared->tiles_w - p->column;
  p->tiles = left < row ? left : row;
  return p->tiles > 0;
}

static void next_piece(const esp_prepared_winograd *prepared, esp_winograd_piece *p) {
  p->at += p->tiles;
  p->column = 0;
  if (++p->row == prepared->tiles_h) p->row = 0, p->image++;
}

/// Transforms channels first ..< last of a block. Nothing of the channels behind is written where
/// that is `exact`; else they must come later.
static void transform(const esp_prepared_winograd *prepared, int32_t block, int32_t first,
                      int32_t last, int exact, float *v, float *lines) {
  const esp_convolution *c = &prepared->c;
  int32_t start, tiles;
  esp_tile_at(&prepared->blocks, block, &start, &tiles);
  const esp_winograd_piece begin = first_piece(prepared, start);
  for (int32_t channel = first; channel < last; channel++) {
    esp_winograd_piece p = begin;
    for (; is_piece(prepared, &p, tiles); next_piece(prepared, &p)) {
      const int64_t plane = (int64_t)p.image * c->in_channels + channel;
      const esp_winograd_input call = {
          .plane = c->x + plane * c->in_h * c->in_w,
          .in_h = c->in_h, .in_w = c->in_w,
          .top = (int64_t)p.row * prepared->m - c->pad_top,
          .left = (int64_t)p.column * prepared->m - c->pad_left,
          .tiles = p.tiles,
          .lines = lines, .pitch = prepared->line,
          .v = v + (ptrdiff_t)channel * prepared->pitch + p.at, .v_stride = prepared->v_stride,
          .exact = exact && channel == last - 1,
      };
      prepared->kernels->input(&call);
    }
  }
}

/// m = the products of a strip's rows with a block of so many tiles.
static void multiply(const esp_prepared_winograd *prepared, int32_t strip, int32_t tiles,
                     const float *v, float *m) {
  const esp_convolution *c = &prepared->c;
  const esp_panel_shape *shape = &prepared->set->panel->shape[3];
  const int32_t width = prepared->set->width, positions = prepared->n * prepared->n;
  const esp_tiling tiling = esp_tiling_of(
      tiles, width, shape->vectors, shape->one_more ? ESP_PANEL_WHOLE : 0, HEIGHT);
  const int32_t first_row = strip * ESP_WINOGRAD_STRIP, left = c->out_channels - first_row;
  const int32_t panels = divide_up(left < ESP_WINOGRAD_STRIP ? left : ESP_WINOGRAD_STRIP, HEIGHT);
  const float *weights =
      c->weight.transformed + (int64_t)first_row * positions * c->in_channels;
  for (int32_t position = 0; position < positions; position++) {
    for (int32_t panel = 0; panel < panels; panel++) {
      for (int32_t t = 0; t < tiling.tiles; t++) {
        int32_t column, columns;
        esp_tile_at(&tiling, t, &column, &columns);
        for (int32_t part = 0; part < HEIGHT; part += shape->rows) {
          const esp_panel_call call = {
              .weights = weights + part, .weight_stride = HEIGHT,
              .x = v + position * prepared->v_stride + column,
              .offsets = prepared->offsets, .count = c->in_channels,
              .rows = shape->rows, .columns = columns,
              .start = prepared->zeros,
              .partial = m + position * prepared->m_stride +
                         (ptrdiff_t)(panel * HEIGHT + part) * prepared->pitch + column,
              .partial_stride = prepared->pitch,
              .first = 1, .last = 0,
              .padded = 1,
          };
          esp_panel_for(shape, columns, width)(&call);
        }
      }
      weights += (ptrdiff_t)HEIGHT * c->in_channels;
    }
  }
}

/// Transforms a strip's products back and stores the pixels of a block.
static void transform_back(const esp_prepared_winograd *prepared, int32_t strip, int32_t start,
                           int32_t tiles, const float *m, float *z) {
  const esp_convolution *c = &prepared->c;
  const esp_epilogue *e = &c->epilogue;
  const int32_t first = strip * ESP_WINOGRAD_STRIP, left = c->out_channels - first;
  const int32_t rows = left < ESP_WINOGRAD_STRIP ? left : ESP_WINOGRAD_STRIP;
  const esp_winograd_piece begin = first_piece(prepared, start);
  for (int32_t row = 0; row < rows; row++) {
    const esp_winograd_rows call = {
        .m = m + (ptrdiff_t)row * prepared->pitch, .m_stride = prepared->m_stride,
        .tiles = tiles,
        .z = z, .pitch = prepared->line,
    };
    prepared->kernels->rows(&call);
    esp_winograd_piece p = begin;
    for (; is_piece(prepared, &p, tiles); next_piece(prepared, &p)) {
      const int32_t top = p.row * prepared->m, column = p.column * prepared->m;
      const int32_t below = c->out_h - top, behind = c->out_w - column;
      const int64_t plane = (int64_t)p.image * c->out_channels + first + row;
      const int64_t at = (plane * c->out_h + top) * c->out_w + column;
      const esp_winograd_output output = {
          .z = z + (ptrdiff_t)p.at * prepared->m, .pitch = prepared->line,
          .rows = below < prepared->m ? below : prepared->m,
          .columns = behind < p.tiles * prepared->m ? behind : p.tiles * prepared->m,
          .start = e->bias ? e->bias[first + row] : 0,
          .y = c->y + at, .y_stride = c->out_w,
          .residual = e->residual ? e->residual + at : 0,
          .low = prepared->low, .high = prepared->high,
      };
      prepared->kernels->output(&output);
      if (prepared->activates) {
        prepared->set->pack->activate(output.y, c->out_w, output.rows, output.columns, e);
      }
    }
  }
}

/// Task 1, where v is shared: items are [block][CHANNELS channels].
static void run_transform(const void *arguments, int64_t first, int64_t last,
                          esp_worker *worker) {
  const esp_prepared_winograd *prepared = arguments;
  const int32_t channels = prepared->c.in_channels, parts = divide_up(channels, CHANNELS);
  for (int64_t item = first; item < last; item++) {
    const int32_t block = (int32_t)(item / parts), from = (int32_t)(item % parts) * CHANNELS;
    const int32_t to = channels - from < CHANNELS ? channels : from + CHANNELS;
    transform(prepared, block, from, to, 1, prepared->shared + block * prepared->v_block,
              worker->scratch);
  }
}

/// The last task: items are [block][strip] where v is shared, else blocks.
static void run_strips(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  const esp_prepared_winograd *prepared = arguments;
  const int32_t positions = prepared->n * prepared->n;
  float *lines = worker->scratch;
  float *m = lines + 2 * prepared->n * (ptrdiff_t)prepared->line;
  if (prepared->shared) {
    for (int64_t item = first; item < last; item++) {
      const int32_t block = (int32_t)(item / prepared->strips),
                    strip = (int32_t)(item % prepared->strips);
      int32_t start, tiles;
      esp_tile_at(&prepared->blocks, block, &start, &tiles);
      multiply(prepared, strip, tiles, prepared->shared + block * prepared->v_block, m);
      transform_back(prepared, strip, start, tiles, m, lines);
    }
    return;
  }
  float *v = m + positions * prepared->m_stride;
  for (int64_t block = first; block < last; block++) {
    int32_t start, tiles;
    esp_tile_at(&prepared->blocks, (int32_t)block, &start, &tiles);
    transform(prepared, (int32_t)block, 0, prepared->c.in_channels, 0, v, lines);
    for (int32_t strip = 0; strip < prepared->strips; strip++) {
      multiply(prepared, strip, tiles, v, m);
      transform_back(prepared, strip, start, tiles, m, lines);
    }
  }
}

esp_requirements esp_winograd_requirements(const esp_convolution *c, const esp_kernel_set *set) {
  esp_prepared_winograd prepared;
  return lay_out(&prepared, c, set, 0, 0);
}

int esp_winograd_prepare(const esp_convolution *c, const esp_kernel_set *set, void *memory,
                         void *shared, esp_task tasks[2], const char **kernel) {
  esp_prepared_winograd prepared, *placed = memory;
  lay_out(&prepared, c, set, memory, shared);
  for (int32_t channel = 0; channel < c->in_channels; channel++) {
    prepared.offsets[channel] = channel * prepared.pitch;
  }
  for (int32_t row = 0; row < HEIGHT; row++) prepared.zeros[row] = 0;
  const esp_activation activation = c->epilogue.activation;
  prepared.low = activation == ESP_ACTIVATION_RELU   ? 0
             : activation == ESP_ACTIVATION_CLIP ? c->epilogue.a
                                                 : -INFINITY;
  prepared.high = activation == ESP_ACTIVATION_CLIP ? c->epilogue.b : INFINITY;
  prepared.activates = activation > ESP_ACTIVATION_CLIP;
  *placed = prepared;
  *kernel = "convolution.winograd";
  int count = 0;
  if (prepared.shared) {
    tasks[count++] = (esp_task){
        .run = run_transform, .arguments = placed,
        .items = (int64_t)prepared.blocks.tiles * divide_up(c->in_channels, CHANNELS)};
  }
  tasks[count++] = (esp_task){
      .run = run_strips, .arguments = placed,
      .items = (int64_t)prepared.blocks.tiles * (prepared.shared ? prepared.strips : 1)};
  return count;
}
