#include "esp_weight_plan.h"

#include <math.h>

static int32_t divide_up(int32_t a, int32_t b) { return (a + b - 1) / b; }

void esp_weight_plan_lay_out(esp_weight_plan *plan, const esp_weight *weight,
                             const esp_epilogue *epilogue, uintptr_t *at) {
  *plan = (esp_weight_plan){.weight = *weight, .height = weight->panel_height, .blocks = 1};
  plan->low = -INFINITY;
  plan->high = INFINITY;
  switch (epilogue->activation) {
    case ESP_ACTIVATION_NONE: break;
    case ESP_ACTIVATION_RELU: plan->low = 0; break;
    case ESP_ACTIVATION_CLIP:
      plan->low = epilogue->a;
      plan->high = epilogue->b;
      break;
    default: plan->activates = 1;
  }
  if (weight->packing == ESP_PACKING_ROWS) plan->height = 16;
  plan->rows_per_group = weight->rows / weight->groups;
  plan->panels_per_group = divide_up(plan->rows_per_group, plan->height);
  const size_t panels = (size_t)plan->panels_per_group * (size_t)weight->groups;
  size_t offsets = 0;
  if (weight->packing == ESP_PACKING_PATTERN_GROUPS) {
    plan->blocks = divide_up(weight->columns, weight->column_block);
    offsets = weight->stream_count;
  } else if (weight->packing == ESP_PACKING_PANELS) {
    offsets = weight->counts ? weight->column_count : (size_t)weight->columns;
  }
  plan->entries = esp_take(at, panels * (size_t)plan->blocks * sizeof(esp_panel_entry));
  plan->start = esp_take(at, panels * (size_t)plan->height * sizeof(float));
  plan->offsets = esp_take(at, offsets * sizeof(int32_t));
}

static void fill_panels(esp_weight_plan *plan, const int32_t *column_offsets, int32_t step) {
  const esp_weight *w = &plan->weight;
  const int32_t per_group = plan->panels_per_group;
  if (!w->counts) {
    for (int32_t c = 0; c < w->columns; c++) {
      plan->offsets[c] = column_offsets ? column_offsets[c] : c * step;
    }
    const int64_t size = (int64_t)w->columns * plan->height;
    for (int32_t p = 0; p < per_group * w->groups; p++) {
      plan->entries[p] = (esp_panel_entry){p * size, 0, w->columns};
    }
    return;
  }
  for (size_t i = 0; i < w->column_count; i++) {
    const int32_t c = (int32_t)w->column[i];
    plan->offsets[i] = column_offsets ? column_offsets[c] : c * step;
  }
  int64_t value = 0, offset = 0;
  size_t list = 0;
  for (int32_t p = 0; p < per_group * w->groups; p++) {
    const int32_t in_group = p % per_group;
    const int32_t count = (int32_t)w->counts[list];
    plan->entries[p] = (esp_panel_entry){value, offset, count};
    value += (int64_t)count * plan->height;
    // A list ends with its last panel, or with the group.
    if ((in_group + 1) % w->panels_per_list == 0 || in_group + 1 == per_group) {
      offset += count;
      list++;
    }
  }
}

static void fill_patterns(esp_weight_plan *plan, int32_t step) {
  const uint16_t *stream = plan->weight.stream;
  const int64_t entries =
      (int64_t)plan->weight.groups * plan->blocks * plan->panels_per_group;
  int64_t value = 0, offset = 0;
  for (int64_t e = 0; e < entries; e++) {
    int32_t count = 0, values = 0;
    plan->entries[e].value = value;
    plan->entries[e].offset = offset;
    for (int set = 1; set < 16; set++) {
      const int32_t n = stream[offset + set - 1];
      plan->offsets[offset + set - 1] = n;
      count += n;
      values += n * __builtin_popcount((unsigned)set);
    }
    offset += 15;
    for (int32_t i = 0; i < count; i++) plan->offsets[offset + i] = stream[offset + i] * step;
    plan->entries[e].count = count;
    offset += count;
    value += values;
  }
}

void esp_weight_plan_fill(esp_weight_plan *plan, const float *bias, const int32_t *column_offsets,
                          int32_t step) {
  const esp_weight *w = &plan->weight;
  const int32_t padded = plan->panels_per_group * plan->height;
  for (int32_t g = 0; g < w->groups; g++) {
    for (int32_t r = 0; r < padded; r++) {
      const int32_t row = g * plan->rows_per_group + r;
      plan->start[(int64_t)g * padded + r] = bias && r < plan->rows_per_group ? bias[row] : 0;
    }
  }
  if (w->packing == ESP_PACKING_PATTERN_GROUPS) fill_patterns(plan, step);
  if (w->packing == ESP_PACKING_PANELS) fill_panels(plan, column_offsets, step);
}

int32_t esp_weight_plan_vectors(const esp_weight_plan *plan, const esp_kernel_set *set) {
  if (plan->weight.packing == ESP_PACKING_PATTERN_GROUPS) return set->pattern->vectors;
  return esp_weight_plan_shape(plan, set)->vectors;
}

void esp_tile_run_panels(const esp_tile_job *job, int32_t first, int32_t last) {
  const esp_weight_plan *plan = job->plan;
  const esp_panel_shape *shape = esp_weight_plan_shape(plan, job->set);
  const int32_t height = plan->height, width = job->set->width;
  const int32_t vectors = (job->columns + width - 1) / width;
  const esp_panel_function run = vectors > shape->vectors ? shape->one_more : shape->run[vectors];
  const int64_t before = (int64_t)job->group * plan->panels_per_group;
  for (int32_t p = first; p < last; p++) {
    const esp_panel_entry *entry = &plan->entries[before + p];
    const int32_t rows = plan->rows_per_group - p * height;
    for (int32_t part = 0; part < height && part < rows; part += shape->rows) {
      const int32_t left = rows - part;
      const ptrdiff_t row = (ptrdiff_t)((p - first) * height + part) * job->y_stride;
      const esp_panel_call call = {
          .weights = plan->weight.values + entry->value + part,
          .weight_step = height,
          .x = job->x,
          .offsets = plan->offsets + entry->offset,
          .count = entry->count,
          .rows = left < shape->rows ? left : shape->rows,
          .columns = job->columns,
          .start = plan->start + (before + p) * height + part,
          .y = job->y + row,
          .y_stride = job->y_stride,
          .residual = job->residual ? job->residual + row : 0,
          .low = job->low,
          .high = job->high,
      };
      run(&call);
    }
  }
}

void esp_tile_run_patterns(const esp_tile_job *job, int32_t first, int32_t last, int32_t block,
                           float *partial, int32_t step) {
  const esp_weight_plan *plan = job->plan;
  const int32_t width = job->set->width;
  const esp_pattern_function run =
      job->set->pattern->run[(job->columns + width - 1) / width];
  const int64_t panels = plan->panels_per_group;
  const int64_t before = ((int64_t)job->group * plan->blocks + block) * panels;
  for (int32_t p = first; p < last; p++) {
    const esp_panel_entry *entry = &plan->entries[before + p];
    const int32_t rows = plan->rows_per_group - p * 4;
    const ptrdiff_t row = (ptrdiff_t)(p - first) * 4 * job->y_stride;
    const esp_pattern_call call = {
        .weights = plan->weight.values + entry->value,
        .stream = plan->offsets + entry->offset,
        .x = job->x,
        .partial = partial + (ptrdiff_t)(p - first) * 4 * step,
        .partial_step = step,
        .first = block == 0,
        .last = block == plan->blocks - 1,
        .rows = rows < 4 ? rows : 4,
        .columns = job->columns,
        .start = plan->start + (job->group * panels + p) * 4,
        .y = job->y + row,
        .y_stride = job->y_stride,
        .residual = job->residual ? job->residual + row : 0,
        .low = job->low,
        .high = job->high,
    };
    run(&call);
  }
}
