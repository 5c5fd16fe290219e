// A packed weight made ready for micro-kernels: where each panel's values and offsets begin.
//
// Columns may be cut into blocks, so that the part of a tile that kernels read again and again
// fits the nearest cache: panels of 1 and 2 rows, pattern groups and row pairs do little work for
// each value of x they load. Higher panels keep up with the second cache. Sums wait in scratch
// between blocks.
#ifndef ESP_PREPARED_WEIGHT_H
#define ESP_PREPARED_WEIGHT_H

#include "../isa/esp_kernel_set.h"
#include "../panel/esp_panel.h"
#include "esp_contraction.h"
#include "esp_tiling.h"

/// Values and offsets of one panel and block; for row pairs of one band.
typedef struct esp_panel_entry {
  int64_t value, offset;
  int32_t count;
} esp_panel_entry;

typedef struct esp_prepared_weight {
  esp_weight weight;
  const esp_kernel_set *set;
  /// Of a panel, in rows; ESP_VECTOR_HEIGHT where the packing is for products with vectors alone.
  int32_t height;
  int32_t rows_per_group, panels_per_group;
  /// Panels that are run together: those of a band for row pairs, else one.
  int32_t unit, units_per_group;
  esp_tiling tiling;
  /// Blocks of so many columns; those of pattern groups and row pairs are the file's.
  int32_t blocks, block;
  /// Whether a packed tile holds all blocks, or is packed anew for each.
  int32_t whole;
  /// [group][block][unit].
  esp_panel_entry *entries;
  /// One per row of every panel: the bias, or zero.
  float *start;
  /// Per list entry, in the order of the lists; dense weights have one list. For pattern groups
  /// the stream, with columns turned into offsets.
  int32_t *offsets;
  /// The stream of row pairs, with columns turned into offsets counted in vectors.
  uint16_t *columns;
  /// The functions of the epilogue that fit between limits are applied by micro-kernels; others
  /// (`activates`) in a second pass.
  float low, high;
  int32_t activates;
} esp_prepared_weight;

/// Takes `bytes` from the memory at *at, 64-byte aligned. With a null start it only counts.
static inline void *esp_take(uintptr_t *at, size_t bytes) {
  void *taken = (void *)*at;
  *at += (bytes + 63) & ~(size_t)63;
  return taken;
}

/// What the weight and the epilogue say by themselves; the other fields are zero.
esp_prepared_weight esp_prepared_weight_of(const esp_weight *, const esp_epilogue *,
                                   const esp_kernel_set *);

/// The kernels for its panels, where the packing is panels.
static inline const esp_panel_shape *esp_prepared_weight_shape(
    const esp_prepared_weight *prepared) {
  const int32_t h = prepared->height;
  return &prepared->set->panel->shape[h == 8 ? 3 : h == 4 ? 2 : h == 2 ? 1 : 0];
}

/// Cuts `columns` pixels or tokens into tiles for this weight's kernels, and decides on blocks.
/// `spread`: floats that a tile read in place covers, or 0 for a packed one.
void esp_prepared_weight_tile(esp_prepared_weight *, int32_t columns, int64_t spread);

/// Takes its memory; its contents come later.
void esp_prepared_weight_lay_out(esp_prepared_weight *, uintptr_t *at);

/// Fills what was laid out. Column c begins at column_offsets[c] or, without them, where it does in
/// its block's packed tile.
void esp_prepared_weight_fill(esp_prepared_weight *, const float *bias,
                              const int32_t *column_offsets);

/// How many columns a block has.
static inline int32_t esp_block_size(const esp_prepared_weight *prepared, int32_t block) {
  const int32_t left = prepared->weight.columns - block * prepared->block;
  return left < prepared->block ? left : prepared->block;
}

/// Panels of one work item, whole units, where `tiles` tiles of columns make items by themselves.
int32_t esp_prepared_weight_chunk(const esp_prepared_weight *, int64_t tiles);

/// Panels whose sums wait together between blocks: whole units.
int32_t esp_prepared_weight_together(const esp_prepared_weight *);
/// Floats of scratch for the sums of that many panels.
size_t esp_prepared_weight_sums(const esp_prepared_weight *);

/// One tile of columns to multiply panels into. The first panel's row r goes to y + r * y_stride,
/// and so does the residual.
typedef struct esp_tile_job {
  const esp_prepared_weight *prepared;
  int32_t group, columns;
  /// What offsets count from.
  const float *x;
  float *y;
  ptrdiff_t y_stride;
  const float *residual;
  float low, high;
  /// Whether x may be read to the end of whole vectors.
  int32_t padded;
  /// Whether panels fetch where the next tile's sums go.
  int32_t far_output;
  /// Scratch for sums between blocks; unused where there is one block.
  float *partial;
} esp_tile_job;

/// Multiplies panels first ..< last of the group, whole units, with the columns of one block.
void esp_tile_run(const esp_tile_job *, int32_t first, int32_t last, int32_t block);

#endif
