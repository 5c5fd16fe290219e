// Convolution: tiles of output pixels times panels of output channels.
//
// A 1 x 1 convolution without stride or padding reads the input's planes where they are. Any other
// reads copies that its first task makes: for each horizontal tap a copy of every plane, shifted
// and strided so that row oy, column ox of the copy is what the tap meets at output pixel (oy, ox).
// Every tap is then an offset, and the pixels of a tile lie side by side, across row ends too.
// Where the copies would take too much memory, each tile is gathered from the input instead.
// Kernels that read packed tiles only need no copy for each tap where rows are as long as the
// input's (esp_taps.h).
#include "esp_rows.h"
#include "esp_taps.h"
#include "esp_tiles.h"
#include "esp_prepared_weight.h"

enum {
  /// Bytes of copies beyond which tiles are gathered, slower, to keep the session's memory small.
  COPY_BYTES = 64 << 20,
  /// Floats of a plane from which on a tile's rows lie so far apart that no processor foresees the
  /// next tile's: each is in pages of its own, and few of the planes are near.
  FAR_PLANE = 8192,
  /// Floats of an output that is far away when it is written.
  FAR_OUTPUT = 1 << 20,
};

typedef struct esp_prepared_convolution {
  esp_convolution c;
  esp_prepared_weight weight;
  /// Whether columns are the input's own pixels; whether tiles are packed before use, and that
  /// pixel by pixel from the input itself, or each tap by a shift.
  int32_t plain, packs, gathers, shifts;
  /// Whether the next tile's part of the source is fetched ahead, and of the output.
  int32_t fetches, far_output;
  /// Where each column of a group begins, in floats from the group's part of the source.
  int32_t *column_offsets;
  /// The input, or copies of it, shifted or phases: `copies` planes for each channel.
  const float *source;
  /// Rows and pixels of one such plane.
  int32_t rows;
  int64_t plane, copies, source_image, source_group;
  /// Panels of one work item, and such chunks in a group.
  int32_t chunk, chunks;
  /// Scratch: a packed tile, then sums between blocks.
  size_t tile_floats, worker_bytes, shared_bytes;
} esp_prepared_convolution;

/// Whether pixels of the input itself are the columns.
static int is_plain(const esp_convolution *c) {
  return c->kernel_h == 1 && c->kernel_w == 1 && c->stride_h == 1 && c->stride_w == 1 &&
         c->pad_top == 0 && c->pad_left == 0 && c->in_h == c->out_h && c->in_w == c->out_w;
}

/// Rows of one vertical phase of a shifted copy.
static int32_t phase_rows(const esp_convolution *c) {
  return c->out_h + (c->kernel_h - 1) * c->dilation_h / c->stride_h;
}

/// Vertical phases that taps meet: one, where no tap leaves the first.
static int32_t phases(const esp_convolution *c) {
  return c->kernel_h == 1 ? 1 : c->stride_h;
}

/// Whether the weight's kernels read packed tiles only.
static int reads_packed(const esp_prepared_weight *w) {
  return w->weight.packing != ESP_PACKING_PANELS || w->height < 4;
}

/// Whether tiles are packed before use rather than read where they are.
static int packs(const esp_prepared_convolution *prepared) {
  const esp_prepared_weight *w = &prepared->weight;
  if (reads_packed(w) || prepared->gathers) return 1;
  // Kernels that read whole vectors must not do so at the end of the input.
  return prepared->plain && !w->set->panel->reads_exactly;
}

/// Floats that the largest tile covers in the source's planes: its pixels, and rows below.
static int64_t spread(const esp_prepared_convolution *prepared) {
  const esp_convolution *c = &prepared->c;
  const int64_t pixels =
      esp_prepared_weight_shape(&prepared->weight)->vectors * (int64_t)prepared->weight.set->width;
  int64_t span = pixels + (int64_t)(c->kernel_h - 1) * c->dilation_h / c->stride_h * c->out_w;
  if (span > prepared->plane) span = prepared->plane;
  return c->in_channels / c->weight.groups * (prepared->plain ? 1 : prepared->copies) * span;
}

static size_t lay_out(const esp_convolution *c, const esp_kernel_set *set,
                      esp_prepared_convolution **placed, esp_prepared_convolution *prepared,
                      void *memory, void *shared) {
  uintptr_t at = (uintptr_t)memory;
  *placed = esp_take(&at, sizeof *prepared);
  *prepared = (esp_prepared_convolution){.c = *c, .plain = is_plain(c)};
  esp_prepared_weight *w = &prepared->weight;
  *w = esp_prepared_weight_of(&c->weight, &c->epilogue, set);
  const int64_t channels = c->in_channels / c->weight.groups;
  if (prepared->plain) {
    prepared->plane = (int64_t)c->in_h * c->in_w;
    prepared->source = c->x;
  } else {
    prepared->shifts = reads_packed(w) && esp_taps_are_shifts(c);
    const int whole = prepared->shifts && c->stride_h == 1 && c->stride_w == 1;
    prepared->rows = prepared->shifts ? esp_phase_rows(c) : phase_rows(c);
    prepared->plane = (int64_t)prepared->rows * c->out_w;
    prepared->copies = whole          ? 0
                   : prepared->shifts ? (int64_t)esp_phases_down(c) * esp_phases_across(c)
                                  : (int64_t)c->kernel_w * phases(c);
    prepared->source = whole ? c->x : shared;
    // In floating point: a hand-made file's extents may overflow any integer here.
    prepared->gathers = (double)c->batch * c->in_channels * (double)prepared->copies *
                        (double)prepared->plane * (double)sizeof(float) > COPY_BYTES;
    if (prepared->gathers)
      prepared->copies = prepared->shifts = 0;  // so that nothing is sized by them
  }
  prepared->packs = packs(prepared);
  prepared->fetches = !prepared->gathers && !prepared->shifts && prepared->plane >= FAR_PLANE;
  prepared->far_output = (int64_t)c->out_h * c->out_w >= FAR_PLANE &&
                     (int64_t)c->out_channels * c->out_h * c->out_w > FAR_OUTPUT;
  esp_prepared_weight_tile(w, c->out_h * c->out_w, prepared->packs ? 0 : spread(prepared));
  esp_prepared_weight_lay_out(w, &at);
  prepared->column_offsets = esp_take(&at, (size_t)c->weight.columns * sizeof(int32_t));
  if (prepared->copies) {
    const int64_t copies = (int64_t)c->batch * c->in_channels * prepared->copies * prepared->plane;
    // Kernels may read to the end of a vector behind the last copy.
    prepared->shared_bytes = ((size_t)copies + (size_t)w->tiling.pitch) * sizeof(float);
  }
  const int64_t per_channel = prepared->gathers ? 0
                              : prepared->copies ? prepared->copies * prepared->plane
                                             : prepared->plane;
  prepared->source_image = c->in_channels * per_channel;
  prepared->source_group = channels * per_channel;
  if (prepared->packs) {
    const int32_t rows = w->whole ? c->weight.columns : w->block;
    prepared->tile_floats = (size_t)rows * (size_t)w->tiling.pitch;
  }
  prepared->worker_bytes = (prepared->tile_floats + esp_prepared_weight_sums(w)) * sizeof(float);
  const int64_t tiles = (int64_t)c->batch * w->tiling.tiles * c->weight.groups;
  prepared->chunk = esp_prepared_weight_chunk(w, tiles);
  prepared->chunks = (w->panels_per_group + prepared->chunk - 1) / prepared->chunk;
  return at - (uintptr_t)memory;
}

static void fill_column_offsets(esp_prepared_convolution *prepared) {
  const esp_convolution *c = &prepared->c;
  if (prepared->gathers || prepared->shifts) return;
  const int32_t channels = c->in_channels / c->weight.groups;
  int32_t column = 0;
  for (int32_t ic = 0; ic < channels; ic++) {
    for (int32_t ky = 0; ky < c->kernel_h; ky++) {
      for (int32_t kx = 0; kx < c->kernel_w; kx++) {
        int64_t offset = ic * prepared->plane;
        if (!prepared->plain) {
          const int64_t down = (int64_t)ky * c->dilation_h;
          const int64_t copy = (ic * (int64_t)c->kernel_w + kx) * phases(c) + down % c->stride_h;
          offset = copy * prepared->plane + down / c->stride_h * c->out_w;
        }
        prepared->column_offsets[column++] = (int32_t)offset;
      }
    }
  }
}

/// Whether rows of the copies are as long as the input's, so that many move at once.
static int is_flat(const esp_convolution *c) {
  return c->stride_h == 1 && c->stride_w == 1 && c->in_w == c->out_w;
}

/// One shifted copy, with the zeros that lie outside of the input: row i, column j becomes input
/// row top + i * stride_h, column left + j * stride_w.
static void copy_plane(const esp_prepared_convolution *prepared, int64_t top, int64_t left,
                       const float *from, float *to) {
  const esp_convolution *c = &prepared->c;
  const int32_t width = c->out_w;
  const esp_span rows = esp_span_inside(top, c->stride_h, c->in_h, prepared->rows);
  const esp_span columns = esp_span_inside(left, c->stride_w, c->in_w, width);
  if (rows.begin == rows.end || columns.begin == columns.end) {
    memset(to, 0, (size_t)prepared->plane * sizeof(float));
    return;
  }
  float *first = to + (int64_t)rows.begin * width, *end = to + (int64_t)rows.end * width;
  memset(to, 0, (size_t)(first - to) * sizeof(float));
  memset(end, 0, (size_t)(to + prepared->plane - end) * sizeof(float));
  const int64_t y = top + (int64_t)rows.begin * c->stride_h;
  const int64_t x = left + (int64_t)columns.begin * c->stride_w;
  const int32_t height = rows.end - rows.begin, across = columns.end - columns.begin;
  if (is_flat(c)) {
    const int64_t count = (int64_t)(height - 1) * width + across;
    memcpy(first + columns.begin, from + y * c->in_w + x, (size_t)count * sizeof(float));
  } else {
    prepared->weight.set->pack->strided(first + columns.begin, width, from + y * c->in_w + x,
                                    (ptrdiff_t)c->in_w * c->stride_h, height, across,
                                    c->stride_w);
  }
  for (float *row = first; row < end; row += width) {
    for (int32_t j = 0; j < columns.begin; j++) row[j] = 0;
    for (int32_t j = columns.end; j < width; j++) row[j] = 0;
  }
}

/// The same from `other`, the copy of the tap that lies `stride_w` columns to the left: all but the
/// last column of each row is there already, one float further on.
static void copy_neighbour(const esp_prepared_convolution *prepared, int64_t top, int64_t left,
                           const float *from, const float *other, float *to) {
  const esp_convolution *c = &prepared->c;
  const int64_t x = left + (int64_t)(c->out_w - 1) * c->stride_w;
  memcpy(to, other + 1, (size_t)(prepared->plane - 1) * sizeof(float));
  for (float *last = to + c->out_w - 1; last < to + prepared->plane; last += c->out_w) {
    *last = x >= 0 && x < c->in_w && top >= 0 && top < c->in_h ? from[top * c->in_w + x] : 0;
    top += c->stride_h;
  }
}

/// Task 1 for taps that are shifts: the phases of planes first ..< last.
static void run_phases(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)worker;
  const esp_prepared_convolution *prepared = arguments;
  const esp_convolution *c = &prepared->c;
  for (int64_t channel = first; channel < last; channel++) {
    const float *from = c->x + channel * c->in_h * c->in_w;
    float *to = (float *)(uintptr_t)prepared->source + channel * prepared->copies * prepared->plane;
    for (int32_t down = 0; down < esp_phases_down(c); down++) {
      const int32_t top = esp_phase_start(down, c->pad_top, c->stride_h);
      for (int32_t across = 0; across < esp_phases_across(c); across++, to += prepared->plane) {
        copy_plane(prepared, top, esp_phase_start(across, c->pad_left, c->stride_w), from, to);
      }
    }
  }
}

/// Task 1 otherwise: the shifted copies of planes first ..< last.
static void run_copy(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)worker;
  const esp_prepared_convolution *prepared = arguments;
  const esp_convolution *c = &prepared->c;
  const int32_t count = phases(c);
  const int32_t alone = c->dilation_w == 1 && !is_flat(c) ? c->stride_w : c->kernel_w;
  for (int64_t channel = first; channel < last; channel++) {
    const float *from = c->x + channel * c->in_h * c->in_w;
    float *to = (float *)(uintptr_t)prepared->source + channel * prepared->copies * prepared->plane;
    for (int32_t kx = 0; kx < c->kernel_w; kx++) {
      const int64_t left = (int64_t)kx * c->dilation_w - c->pad_left;
      for (int32_t phase = 0; phase < count; phase++, to += prepared->plane) {
        const int64_t top = phase - c->pad_top;
        if (kx >= alone) {
          const float *other = to - (int64_t)c->stride_w * count * prepared->plane;
          copy_neighbour(prepared, top, left, from, other, to);
        } else {
          copy_plane(prepared, top, left, from, to);
        }
      }
    }
  }
}

/// tile[k * pitch + j] = what column first + k meets at pixel start + j of the group's channels.
static void gather(const esp_prepared_convolution *prepared, const float *group, int32_t first,
                   int32_t count, int32_t start, int32_t pixels, float *tile) {
  const esp_convolution *c = &prepared->c;
  const int32_t pitch = prepared->weight.tiling.pitch, taps = c->kernel_h * c->kernel_w;
  const int32_t start_row = start / c->out_w, start_x = start % c->out_w;
  for (int32_t k = first; k < first + count; k++, tile += pitch) {
    const float *plane = group + (int64_t)(k / taps) * c->in_h * c->in_w;
    const int32_t down = k % taps / c->kernel_w * c->dilation_h - c->pad_top;
    const int32_t right = k % c->kernel_w * c->dilation_w - c->pad_left;
    for (int32_t j = 0; j < pitch; j++) tile[j] = 0;
    for (int32_t j = 0, row = start_row, x = start_x; j < pixels; row++, x = 0) {
      const int32_t run = c->out_w - x < pixels - j ? c->out_w - x : pixels - j;
      const esp_window window = {
          .top = (int64_t)row * c->stride_h + down, .left = (int64_t)x * c->stride_w + right,
          .stride_h = 1, .stride_w = c->stride_w, .rows = 1, .columns = run};
      esp_copy_window(prepared->weight.set->pack, &window, tile + j, pitch, plane, c->in_h, c->in_w);
      j += run;
    }
  }
}

/// The same tap by tap: `x` is the tile's first pixel in the group's first channel.
static void pack_taps(const esp_prepared_convolution *prepared, const esp_tap *taps, const float *x,
                      int32_t first, int32_t count, int32_t pixels, float *tile) {
  const esp_prepared_weight *w = &prepared->weight;
  const int32_t pitch = w->tiling.pitch, width = w->tiling.width;
  const int32_t all = prepared->c.kernel_h * prepared->c.kernel_w;
  const ptrdiff_t channel_stride = (prepared->copies ? prepared->copies : 1) * prepared->plane;
  for (int32_t tap = 0; tap < all; tap++) {
    int32_t begin = tap - first % all;
    if (begin < 0) begin += all;
    if (begin >= count) continue;
    w->set->pack->lanes(tile + (ptrdiff_t)begin * pitch, (ptrdiff_t)all * pitch,
                        x + (first + begin) / all * channel_stride + taps[tap].offset,
                        channel_stride, (count - begin - 1) / all + 1, taps[tap].lanes,
                        (pixels + width - 1) / width);
  }
}

/// Packs columns first ..< first + count of a place into a tile.
static void pack_columns(const esp_prepared_convolution *prepared, int64_t image, int32_t group,
                         int32_t first, int32_t count, int32_t start, int32_t pixels,
                         const esp_tap *taps, float *tile) {
  const esp_convolution *c = &prepared->c;
  if (prepared->gathers) {
    const int64_t channel = image * c->in_channels + group * (c->in_channels / c->weight.groups);
    gather(prepared, c->x + channel * c->in_h * c->in_w, first, count, start, pixels, tile);
    return;
  }
  const float *source =
      prepared->source + image * prepared->source_image + group * prepared->source_group + start;
  if (prepared->shifts) {
    // A block at a time: its channels stay near from one tap to the next.
    for (int32_t block, end = first + count; first < end; first += block) {
      block = end - first < prepared->weight.block ? end - first : prepared->weight.block;
      pack_taps(prepared, taps, source, first, block, pixels, tile);
      tile += (ptrdiff_t)block * prepared->weight.tiling.pitch;
    }
    return;
  }
  prepared->weight.set->pack->rows(tile, prepared->weight.tiling.pitch, source,
                               prepared->column_offsets + first, count, pixels);
}

/// Fetches what the tile behind this one reads.
static void fetch_next(const esp_prepared_convolution *prepared, const float *source,
                       int32_t columns) {
  enum { LINE = 16 };
  for (int32_t k = 0; k < prepared->c.weight.columns; k++) {
    const float *next = source + prepared->column_offsets[k] + columns;
    for (int32_t j = 0; j < columns; j += LINE) __builtin_prefetch(next + j);
  }
}

/// Task 2: items are [image][tile][group][chunk of panels], so a run of items shares packed tiles.
static void run_tiles(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  const esp_prepared_convolution *prepared = arguments;
  const esp_convolution *c = &prepared->c;
  const esp_prepared_weight *w = &prepared->weight;
  const int64_t pixels = (int64_t)c->out_h * c->out_w;
  const int32_t together = esp_prepared_weight_together(w);
  float *tile = worker->scratch;
  int64_t packed = -1, met = -1;
  esp_tap taps[ESP_MOST_TAPS];
  for (int64_t item = first; item < last; item++) {
    const int64_t place = item / prepared->chunks, tiles = place / c->weight.groups;
    const int64_t image = tiles / w->tiling.tiles;
    const int32_t group = (int32_t)(place % c->weight.groups);
    int32_t column, columns;
    esp_tile_at(&w->tiling, (int32_t)(tiles % w->tiling.tiles), &column, &columns);
    const float *source =
        prepared->source + image * prepared->source_image + group * prepared->source_group + column;
    if (prepared->fetches) fetch_next(prepared, source, columns);
    if (prepared->shifts && met != place) {
      esp_taps_fill(c, w->tiling.width, column, columns, taps);
      met = place;
    }
    const int32_t from = (int32_t)(item % prepared->chunks) * prepared->chunk;
    const int32_t to =
        w->panels_per_group - from < prepared->chunk ? w->panels_per_group : from + prepared->chunk;
    for (int32_t p = from; p < to; p += together) {
      const int32_t end = to - p < together ? to : p + together;
      const int64_t row = (int64_t)group * w->rows_per_group + (int64_t)p * w->height;
      const int64_t y = (image * c->out_channels + row) * pixels + column;
      const esp_tile_job job = {
          .prepared = w, .group = group, .columns = columns,
          .x = prepared->packs ? tile : source,
          .y = c->y + y, .y_stride = pixels,
          .residual = c->epilogue.residual ? c->epilogue.residual + y : 0,
          .low = w->low, .high = w->high,
          .padded = prepared->packs || !prepared->plain,
          .far_output = prepared->far_output,
          .partial = tile + prepared->tile_floats,
      };
      if (prepared->packs && w->whole && packed != place) {
        pack_columns(prepared, image, group, 0, c->weight.columns, column, columns, taps, tile);
        packed = place;
      }
      for (int32_t block = 0; block < w->blocks; block++) {
        if (prepared->packs && !w->whole) {
          pack_columns(prepared, image, group, block * w->block, esp_block_size(w, block), column,
                       columns, taps, tile);
        }
        esp_tile_run(&job, p, end, block);
      }
      if (w->activates) {
        const int32_t rows = w->rows_per_group - p * w->height, most = (end - p) * w->height;
        w->set->pack->activate(job.y, pixels, rows < most ? rows : most, columns, &c->epilogue);
      }
    }
  }
}

esp_requirements esp_tiled_convolution_requirements(const esp_convolution *c,
                                                    const esp_kernel_set *set) {
  esp_prepared_convolution prepared, *placed;
  esp_requirements r = {0};
  r.prepared_bytes = lay_out(c, set, &placed, &prepared, 0, 0);
  r.shared_bytes = prepared.shared_bytes;
  r.worker_bytes = prepared.worker_bytes;
  return r;
}

int esp_tiled_convolution_prepare(const esp_convolution *c, const esp_kernel_set *set,
                                  void *memory, void *shared, esp_task tasks[2],
                                  const char **kernel) {
  esp_prepared_convolution *placed, prepared;
  lay_out(c, set, &placed, &prepared, memory, shared);
  fill_column_offsets(&prepared);
  esp_prepared_weight_fill(&prepared.weight, c->epilogue.bias,
                           prepared.packs ? 0 : prepared.column_offsets);
  *placed = prepared;
  *kernel = c->weight.packing == ESP_PACKING_PATTERN_GROUPS ? "convolution.patterns"
            : c->weight.packing == ESP_PACKING_ROW_PAIRS    ? "convolution.pairs"
            : c->weight.counts                              ? "convolution.sparse"
                                                            : "convolution.dense";
  int count = 0;
  if (prepared.copies) {
    tasks[count++] = (esp_task){
        .run = prepared.shifts ? run_phases : run_copy,
        .arguments = placed,
        .items = (int64_t)c->batch * c->in_channels};
  }
  tasks[count++] = (esp_task){.run = run_tiles,
                              .arguments = placed,
                              .items = (int64_t)c->batch * prepared.weight.tiling.tiles *
                                       c->weight.groups * prepared.chunks};
  return count;
}
