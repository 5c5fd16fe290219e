// Runs panels over one tile: calls the micro-kernels with what the plan says.
#include "../pair/esp_pair.h"
#include "../pattern/esp_pattern.h"
#include "esp_weight_plan.h"

/// Fetches what the same rows write for the next tile.
static void fetch_next(const esp_panel_call *call) {
  enum { LINE = 16 };
  for (int32_t i = 0; i < call->rows; i++) {
    const float *next = call->y + i * call->y_stride + call->columns;
    for (int32_t j = 0; j < call->columns; j += LINE) __builtin_prefetch(next + j, 1);
  }
}

static void run_panels(const esp_tile_job *job, int32_t first, int32_t last, int32_t block) {
  const esp_weight_plan *plan = job->plan;
  const int32_t height = plan->height, step = plan->tiling.step;
  const esp_panel_shape *shape = esp_weight_plan_shape(plan);
  const esp_panel_function run = esp_panel_for(shape, job->columns, plan->set->width);
  const int64_t panels = plan->panels_per_group;
  const esp_panel_entry *entries =
      plan->entries + ((int64_t)job->group * plan->blocks + block) * panels;
  const float *start = plan->start + job->group * panels * height;
  for (int32_t p = first; p < last; p++) {
    const esp_panel_entry *entry = &entries[p];
    const int32_t rows = plan->rows_per_group - p * height;
    for (int32_t part = 0; part < height && part < rows; part += shape->rows) {
      const int32_t left = rows - part;
      const ptrdiff_t row = (ptrdiff_t)(p - first) * height + part;
      const esp_panel_call call = {
          .weights = plan->weight.values + entry->value + part,
          .weight_step = height,
          .x = job->x,
          .offsets = plan->offsets + entry->offset,
          .count = entry->count,
          .rows = left < shape->rows ? left : shape->rows,
          .columns = job->columns,
          .start = start + (int64_t)p * height + part,
          .partial = job->partial ? job->partial + row * step : 0,
          .partial_step = step,
          .first = block == 0,
          .last = block == plan->blocks - 1,
          .y = job->y + row * job->y_stride,
          .y_stride = job->y_stride,
          .residual = job->residual ? job->residual + row * job->y_stride : 0,
          .low = job->low,
          .high = job->high,
          .padded = job->padded,
      };
      if (job->far_output) fetch_next(&call);
      run(&call);
    }
  }
}

static void run_patterns(const esp_tile_job *job, int32_t first, int32_t last, int32_t block) {
  const esp_weight_plan *plan = job->plan;
  const int32_t width = plan->set->width, step = plan->tiling.step;
  const esp_pattern_function run = plan->set->pattern->run[(job->columns + width - 1) / width];
  const int64_t panels = plan->panels_per_group;
  const esp_panel_entry *entries =
      plan->entries + ((int64_t)job->group * plan->blocks + block) * panels;
  const float *start = plan->start + job->group * panels * 4;
  for (int32_t p = first; p < last; p++) {
    const esp_panel_entry *entry = &entries[p];
    const int32_t rows = plan->rows_per_group - p * 4;
    const ptrdiff_t row = (ptrdiff_t)(p - first) * 4;
    const esp_pattern_call call = {
        .weights = plan->weight.values + entry->value,
        .stream = plan->offsets + entry->offset,
        .x = job->x,
        .partial = job->partial ? job->partial + row * step : 0,
        .partial_step = step,
        .first = block == 0,
        .last = block == plan->blocks - 1,
        .rows = rows < 4 ? rows : 4,
        .columns = job->columns,
        .start = start + (int64_t)p * 4,
        .y = job->y + row * job->y_stride,
        .y_stride = job->y_stride,
        .residual = job->residual ? job->residual + row * job->y_stride : 0,
        .low = job->low,
        .high = job->high,
    };
    run(&call);
  }
}

/// Band by band: rows of a pair are anywhere in its band.
static void run_pairs(const esp_tile_job *job, int32_t first, int32_t last, int32_t block) {
  const esp_weight_plan *plan = job->plan;
  const int32_t width = plan->set->width, step = plan->tiling.step;
  const esp_pair_function run = plan->set->pair->run[(job->columns + width - 1) / width];
  const esp_panel_entry *entry =
      plan->entries + ((int64_t)job->group * plan->blocks + block) * plan->units_per_group +
      first / plan->unit;
  const float *start = plan->start + (int64_t)job->group * plan->panels_per_group * 2;
  for (int32_t p = first; p < last; p += plan->unit, entry++) {
    const ptrdiff_t row = (ptrdiff_t)(p - first) * 2;
    const esp_pair_call call = {
        .weights = plan->weight.values + entry->value,
        .stream = plan->columns + entry->offset,
        .pairs = last - p < plan->unit ? last - p : plan->unit,
        .x = job->x + (plan->whole ? (ptrdiff_t)block * plan->block * step : 0),
        .partial = job->partial ? job->partial + row * step : 0,
        .partial_step = step,
        .first = block == 0,
        .last = block == plan->blocks - 1,
        .rows = plan->rows_per_group - p * 2,
        .columns = job->columns,
        .start = start + (int64_t)p * 2,
        .y = job->y + row * job->y_stride,
        .y_stride = job->y_stride,
        .residual = job->residual ? job->residual + row * job->y_stride : 0,
        .low = job->low,
        .high = job->high,
    };
    run(&call);
  }
}

void esp_tile_run(const esp_tile_job *job, int32_t first, int32_t last, int32_t block) {
  if (job->plan->weight.packing == ESP_PACKING_PATTERN_GROUPS) {
    run_patterns(job, first, last, block);
  } else if (job->plan->weight.packing == ESP_PACKING_ROW_PAIRS) {
    run_pairs(job, first, last, block);
  } else {
    run_panels(job, first, last, block);
  }
}
