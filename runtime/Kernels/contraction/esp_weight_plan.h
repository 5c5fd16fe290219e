// A packed weight made ready for micro-kernels: where each panel's values and offsets begin.
//
// Columns may be cut into blocks, so that the part of a tile that kernels read again and again
// fits the nearest cache: panels of 1 and 2 rows, pattern groups and row pairs do little work for
// each value of x they load. Higher panels keep up with the second cache. Sums wait in scratch
// between blocks.
#ifndef ESP_WEIGHT_PLAN_H
#define ESP_WEIGHT_PLAN_H

#include "../isa/esp_kernel_set.h"
#include "../panel/esp_panel.h"
#include "esp_contraction.h"
#include "esp_tiling.h"

/// Values and offsets of one panel and block; for row pairs of one band.
typedef struct esp_panel_entry {
  int64_t value, offset;
  int32_t count;
} esp_panel_entry;

typedef struct esp_weight_plan {
  esp_weight weight;
  const esp_kernel_set *set;
  /// 4 for pattern groups, 2 for row pairs, 16 for rows and quads.
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
} esp_weight_plan;

/// Takes `bytes` from the memory at *at, 64-byte aligned. With a null start it only counts.
static inline void *esp_take(uintptr_t *at, size_t bytes) {
  void *taken = (void *)*at;
  *at += (bytes + 63) & ~(size_t)63;
  return taken;
}

/// What the weight and the epilogue say by themselves; the plan's other fields are zero.
esp_weight_plan esp_weight_plan_of(const esp_weight *, const esp_epilogue *,
                                   const esp_kernel_set *);

/// The kernels for the plan's panels; not for pattern groups, rows and quads.
static inline const esp_panel_shape *esp_weight_plan_shape(const esp_weight_plan *plan) {
  const int32_t h = plan->height;
  return &plan->set->panel->shape[h == 8 ? 3 : h == 4 ? 2 : h == 2 ? 1 : 0];
}

/// Cuts `columns` pixels or tokens into tiles for this weight's kernels, and decides on blocks.
/// `spread`: floats that a tile read in place covers, or 0 for a packed one.
void esp_weight_plan_tile(esp_weight_plan *, int32_t columns, int64_t spread);

/// Takes the plan's memory; its contents come later.
void esp_weight_plan_lay_out(esp_weight_plan *, uintptr_t *at);

/// Fills what was laid out. Column c begins at column_offsets[c] or, without them, where it does in
/// its block's packed tile.
void esp_weight_plan_fill(esp_weight_plan *, const float *bias, const int32_t *column_offsets);

/// How many columns a block has.
static inline int32_t esp_block_size(const esp_weight_plan *plan, int32_t block) {
  const int32_t left = plan->weight.columns - block * plan->block;
  return left < plan->block ? left : plan->block;
}

/// Panels of one work item, whole units, where `tiles` tiles of columns make items by themselves.
int32_t esp_weight_plan_chunk(const esp_weight_plan *, int64_t tiles);

/// Panels whose sums wait together between blocks: whole units.
int32_t esp_weight_plan_together(const esp_weight_plan *);
/// Floats of scratch for the sums of that many panels.
size_t esp_weight_plan_sums(const esp_weight_plan *);

/// One tile of columns to multiply panels into. The first panel's row r goes to y + r * y_stride,
/// and so does the residual.
typedef struct esp_tile_job {
  const esp_weight_plan *plan;
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
