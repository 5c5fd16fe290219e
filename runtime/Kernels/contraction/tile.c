// Runs panels over one tile: calls the micro-kernels with what is prepared.
#include "../pair/esp_pair.h"
#include "../pattern/esp_pattern.h"
#include "esp_prepared_weight.h"

/// Fetches what the same rows write for the next tile.
static void fetch_next(const esp_panel_call *call) {
  enum { LINE = 16 };
  for (int32_t i = 0; i < call->rows; i++) {
    const float *next = call->y + i * call->y_stride + call->columns;
    for (int32_t j = 0; j < call->columns; j += LINE) __builtin_prefetch(next + j, 1);
  }
}

static void run_panels(const esp_tile_job *job, int32_t first, int32_t last, int32_t block) {
  const esp_prepared_weight *prepared = job->prepared;
  const int32_t height = prepared->height, pitch = prepared->tiling.pitch;
  const esp_panel_shape *shape = esp_prepared_weight_shape(prepared);
  const esp_panel_function run = esp_panel_for(shape, job->columns, prepared->set->width);
  const int64_t panels = prepared->panels_per_group;
  const esp_panel_entry *entries =
      prepared->entries + ((int64_t)job->group * prepared->blocks + block) * panels;
  const float *start = prepared->start + job->group * panels * height;
  for (int32_t p = first; p < last; p++) {
    const esp_panel_entry *entry = &entries[p];
    const int32_t rows = prepared->rows_per_group - p * height;
    for (int32_t part = 0; part < height && part < rows; part += shape->rows) {
      const int32_t left = rows - part;
      const ptrdiff_t row = (ptrdiff_t)(p - first) * height + part;
      const esp_panel_call call = {
          .weights = esp_weight_floats(&prepared->weight) + entry->value + part,
          .weight_stride = height,
          .x = job->x,
          .offsets = prepared->offsets + entry->offset,
          .count = entry->count,
          .rows = left < shape->rows ? left : shape->rows,
          .columns = job->columns,
          .start = start + (int64_t)p * height + part,
          .partial = job->partial ? job->partial + row * pitch : 0,
          .partial_stride = pitch,
          .first = block == 0,
          .last = block == prepared->blocks - 1,
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
  const esp_prepared_weight *prepared = job->prepared;
  const int32_t width = prepared->set->width, pitch = prepared->tiling.pitch;
  const esp_pattern_function run = prepared->set->pattern->run[(job->columns + width - 1) / width];
  const int64_t panels = prepared->panels_per_group;
  const esp_panel_entry *entries =
      prepared->entries + ((int64_t)job->group * prepared->blocks + block) * panels;
  const float *start = prepared->start + job->group * panels * 4;
  for (int32_t p = first; p < last; p++) {
    const esp_panel_entry *entry = &entries[p];
    const int32_t rows = prepared->rows_per_group - p * 4;
    const ptrdiff_t row = (ptrdiff_t)(p - first) * 4;
    const esp_pattern_call call = {
        .weights = esp_weight_floats(&prepared->weight) + entry->value,
        .stream = prepared->offsets + entry->offset,
        .x = job->x,
        .partial = job->partial ? job->partial + row * pitch : 0,
        .partial_stride = pitch,
        .first = block == 0,
        .last = block == prepared->blocks - 1,
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
  const esp_prepared_weight *prepared = job->prepared;
  const int32_t width = prepared->set->width, pitch = prepared->tiling.pitch;
  const esp_pair_function run = prepared->set->pair->run[(job->columns + width - 1) / width];
  const esp_panel_entry *entry =
      prepared->entries +
      ((int64_t)job->group * prepared->blocks + block) * prepared->units_per_group +
      first / prepared->unit;
  const float *start = prepared->start + (int64_t)job->group * prepared->panels_per_group * 2;
  for (int32_t p = first; p < last; p += prepared->unit, entry++) {
    const ptrdiff_t row = (ptrdiff_t)(p - first) * 2;
    const esp_pair_call call = {
        .weights = esp_weight_floats(&prepared->weight) + entry->value,
        .stream = prepared->columns + entry->offset,
        .pairs = last - p < prepared->unit ? last - p : prepared->unit,
        .x = job->x + (prepared->whole ? (ptrdiff_t)block * prepared->block * pitch : 0),
        .partial = job->partial ? job->partial + row * pitch : 0,
        .partial_stride = pitch,
        .first = block == 0,
        .last = block == prepared->blocks - 1,
        .rows = prepared->rows_per_group - p * 2,
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
  if (job->prepared->weight.packing == ESP_PACKING_PATTERN_GROUPS) {
    run_patterns(job, first, last, block);
  } else if (job->prepared->weight.packing == ESP_PACKING_ROW_PAIRS) {
    run_pairs(job, first, last, block);
  } else {
    run_panels(job, first, last, block);
  }
}
