// A packed weight made ready for micro-kernels: where each panel's values and offsets begin.
#ifndef ESP_WEIGHT_PLAN_H
#define ESP_WEIGHT_PLAN_H

#include "esp_contraction.h"
#include "esp_kernel_set.h"
#include "esp_tiling.h"

/// Values and offsets of one panel, or for pattern groups of one panel and block.
typedef struct esp_panel_entry {
  int64_t value, offset;
  int32_t count;
} esp_panel_entry;

typedef struct esp_weight_plan {
  esp_weight weight;
  /// 4 for pattern groups.
  int32_t height;
  int32_t rows_per_group, panels_per_group;
  /// Blocks of columns of pattern groups, else 1.
  int32_t blocks;
  /// [group][block][panel].
  esp_panel_entry *entries;
  /// One per row of every panel: the bias, or zero.
  float *start;
  /// Per list entry, in the order of the lists; dense weights have one list. For pattern groups the
  /// stream, with columns turned into offsets.
  int32_t *offsets;
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

/// Takes the plan's memory; the plan's sizes are set, its contents not yet.
void esp_weight_plan_lay_out(esp_weight_plan *, const esp_weight *, const esp_epilogue *,
                             uintptr_t *at);

/// Fills what was laid out. Column c begins at column_offsets[c], or at c * step without them; the
/// blocks of pattern groups are always packed with rows of `step`.
void esp_weight_plan_fill(esp_weight_plan *, const float *bias, const int32_t *column_offsets,
                          int32_t step);

/// The shape of this weight's panel kernels.
static inline const esp_panel_shape *esp_weight_plan_shape(const esp_weight_plan *plan,
                                                           const esp_kernel_set *set) {
  const int32_t h = plan->height;
  return &set->panel->shape[h == 8 ? 3 : h == 4 ? 2 : h == 2 ? 1 : 0];
}

/// Most vectors of columns that this weight's kernels take at once.
int32_t esp_weight_plan_vectors(const esp_weight_plan *, const esp_kernel_set *);

/// One tile of columns to multiply panels into. The first panel's row r goes to y + r * y_stride,
/// and so does the residual.
typedef struct esp_tile_job {
  const esp_weight_plan *plan;
  const esp_kernel_set *set;
  int32_t group, columns;
  /// What panel offsets count from.
  const float *x;
  float *y;
  ptrdiff_t y_stride;
  const float *residual;
  float low, high;
} esp_tile_job;

/// Multiplies panels first ..< last of the group (not pattern groups).
void esp_tile_run_panels(const esp_tile_job *, int32_t first, int32_t last);

/// Multiplies panels first ..< last with one block of a pattern group's columns; x is the block's
/// packed tile. partial: [4 * (last - first)][step].
void esp_tile_run_patterns(const esp_tile_job *, int32_t first, int32_t last, int32_t block,
                           float *partial, int32_t step);

/// Panels of pattern groups whose sums wait together between blocks.
enum { ESP_PATTERN_PANELS = 64 };

#endif
