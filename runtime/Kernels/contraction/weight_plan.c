#include "esp_weight_plan.h"

#include <math.h>

#include "../pair/esp_pair.h"
#include "../pattern/esp_pattern.h"

enum {
  /// Floats of a tile that stay in the nearest cache beside weights and sums.
  NEAR_FLOATS = 12288,
  /// Floats of a tile that stay in the second cache while weights stream past: 512 KiB.
  FAR_FLOATS = 131072,
  /// Floats of a tile that a worker may hold: 4 MiB.
  WHOLE_FLOATS = 1 << 20,
  /// Rows whose sums wait together between blocks.
  ROWS_TOGETHER = 256,
  /// Work items wanted, so that threads finish together.
  ITEMS = 32,
};

static int32_t divide_up(int32_t a, int32_t b) { return (a + b - 1) / b; }

static int is_patterns(const esp_weight_plan *plan) {
  return plan->weight.packing == ESP_PACKING_PATTERN_GROUPS;
}

static int is_pairs(const esp_weight_plan *plan) {
  return plan->weight.packing == ESP_PACKING_ROW_PAIRS;
}

esp_weight_plan esp_weight_plan_of(const esp_weight *weight, const esp_epilogue *epilogue,
                                   const esp_kernel_set *set) {
  esp_weight_plan plan = {.weight = *weight, .set = set, .blocks = 1,
                          .block = weight->columns, .whole = 1,
                          .low = -INFINITY, .high = INFINITY};
  const int by_sixteen =
      weight->packing == ESP_PACKING_ROWS || weight->packing == ESP_PACKING_QUADS;
  plan.height = by_sixteen                                      ? 16
                : weight->packing == ESP_PACKING_PATTERN_GROUPS ? 4
                                                                : weight->panel_height;
  plan.rows_per_group = weight->rows / weight->groups;
  plan.panels_per_group = divide_up(plan.rows_per_group, plan.height);
  plan.unit = is_pairs(&plan) ? weight->panels_per_list : 1;
  plan.units_per_group = divide_up(plan.panels_per_group, plan.unit);
  switch (epilogue->activation) {
    case ESP_ACTIVATION_NONE: break;
    case ESP_ACTIVATION_RELU: plan.low = 0; break;
    case ESP_ACTIVATION_CLIP:
      plan.low = epilogue->a;
      plan.high = epilogue->b;
      break;
    default: plan.activates = 1;
  }
  return plan;
}

void esp_weight_plan_tile(esp_weight_plan *plan, int32_t columns, int64_t spread) {
  const esp_weight *w = &plan->weight;
  const int32_t width = plan->set->width;
  if (is_patterns(plan) || is_pairs(plan)) {
    const int32_t vectors =
        is_pairs(plan) ? plan->set->pair->vectors : plan->set->pattern->vectors;
    plan->tiling = esp_tiling_of(columns, width, vectors, 0, plan->height);
    plan->block = w->column_block < w->columns ? w->column_block : w->columns;
    plan->blocks = divide_up(w->columns, plan->block);
  } else {
    const esp_panel_shape *shape = esp_weight_plan_shape(plan);
    plan->tiling = esp_tiling_of(columns, width, shape->vectors,
                                 shape->one_more ? ESP_PANEL_WHOLE : 0, plan->height);
    // A little too much is better than another round of sums.
    const int64_t size = spread ? spread : (int64_t)w->columns * plan->tiling.step;
    const int64_t most = plan->height >= 4 ? FAR_FLOATS : NEAR_FLOATS;
    if (size > most + most / 4) {
      plan->blocks = (int32_t)((size + most - 1) / most);
      if (plan->blocks > w->columns) plan->blocks = w->columns;
      plan->block = divide_up(w->columns, plan->blocks);
      plan->blocks = divide_up(w->columns, plan->block);
    }
  }
  // Packing a block just before it is used brings it near, unless that happens again and again.
  plan->whole =
      (int64_t)w->columns * plan->tiling.step <= WHOLE_FLOATS &&
      (plan->blocks == 1 || plan->panels_per_group > 2 * esp_weight_plan_together(plan));
}

void esp_weight_plan_lay_out(esp_weight_plan *plan, uintptr_t *at) {
  const esp_weight *w = &plan->weight;
  const size_t panels = (size_t)plan->panels_per_group * (size_t)w->groups;
  const size_t units = (size_t)plan->units_per_group * (size_t)w->groups;
  size_t offsets = 0;
  if (is_patterns(plan)) {
    offsets = w->stream_count;
  } else if (w->packing == ESP_PACKING_PANELS) {
    offsets = w->counts ? w->column_count : (size_t)w->columns;
  }
  plan->entries = esp_take(at, units * (size_t)plan->blocks * sizeof(esp_panel_entry));
  plan->start = esp_take(at, panels * (size_t)plan->height * sizeof(float));
  plan->offsets = esp_take(at, offsets * sizeof(int32_t));
  // Kernels read four numbers behind the last.
  if (is_pairs(plan)) plan->columns = esp_take(at, (w->stream_count + 4) * sizeof(uint16_t));
}

static int32_t place(const esp_weight_plan *plan, const int32_t *column_offsets, int32_t column) {
  if (column_offsets) return column_offsets[column];
  return (plan->whole ? column : column % plan->block) * plan->tiling.step;
}

static esp_panel_entry *entry_at(const esp_weight_plan *plan, int32_t group, int32_t block,
                                 int32_t unit) {
  return plan->entries +
         ((int64_t)group * plan->blocks + block) * plan->units_per_group + unit;
}

static void fill_dense(esp_weight_plan *plan, const int32_t *column_offsets) {
  const int32_t columns = plan->weight.columns, panels = plan->panels_per_group;
  for (int32_t c = 0; c < columns; c++) plan->offsets[c] = place(plan, column_offsets, c);
  for (int32_t g = 0; g < plan->weight.groups; g++) {
    for (int32_t b = 0; b < plan->blocks; b++) {
      const int32_t first = b * plan->block;
      for (int32_t p = 0; p < panels; p++) {
        *entry_at(plan, g, b, p) = (esp_panel_entry){
            .value = (((int64_t)g * panels + p) * columns + first) * plan->height,
            .offset = first,
            .count = esp_block_size(plan, b)};
      }
    }
  }
}

static void fill_lists(esp_weight_plan *plan, const int32_t *column_offsets) {
  const esp_weight *w = &plan->weight;
  for (size_t i = 0; i < w->column_count; i++) {
    plan->offsets[i] = place(plan, column_offsets, (int32_t)w->column[i]);
  }
  int64_t value = 0, offset = 0;
  size_t list = 0;
  for (int32_t g = 0; g < w->groups; g++) {
    for (int32_t first = 0; first < plan->panels_per_group; first += w->panels_per_list) {
      int32_t end = first + w->panels_per_list;
      if (end > plan->panels_per_group) end = plan->panels_per_group;
      const int32_t count = (int32_t)w->counts[list++];
      const uint32_t *column = w->column + offset;
      for (int32_t b = 0, i = 0; b < plan->blocks; b++) {
        const int32_t begin = i;
        const uint32_t limit = (uint32_t)(b + 1) * (uint32_t)plan->block;
        while (i < count && column[i] < limit) i++;
        for (int32_t p = first; p < end; p++) {
          const int64_t before = (int64_t)(p - first) * count + begin;
          *entry_at(plan, g, b, p) = (esp_panel_entry){.value = value + before * plan->height,
                                                       .offset = offset + begin,
                                                       .count = i - begin};
        }
      }
      value += (int64_t)(end - first) * count * plan->height;
      offset += count;
    }
  }
}

static void fill_patterns(esp_weight_plan *plan) {
  const uint16_t *stream = plan->weight.stream;
  const int32_t step = plan->tiling.step;
  int64_t value = 0, at = 0;
  for (int32_t g = 0; g < plan->weight.groups; g++) {
    for (int32_t b = 0; b < plan->blocks; b++) {
      const int32_t first = plan->whole ? b * plan->block * step : 0;
      for (int32_t p = 0; p < plan->panels_per_group; p++) {
        esp_panel_entry *entry = entry_at(plan, g, b, p);
        *entry = (esp_panel_entry){.value = value, .offset = at};
        for (int set = 1; set < 16; set++, at++) {
          const int32_t n = stream[at];
          plan->offsets[at] = n;
          entry->count += n;
          value += n * __builtin_popcount((unsigned)set);
        }
        for (int32_t i = 0; i < entry->count; i++, at++) {
          plan->offsets[at] = first + stream[at] * step;
        }
      }
    }
  }
}

static void fill_pairs(esp_weight_plan *plan) {
  const uint16_t *stream = plan->weight.stream;
  const int32_t vectors = plan->tiling.step / plan->set->width;
  int64_t value = 0, at = 0;
  for (int32_t g = 0; g < plan->weight.groups; g++) {
    for (int32_t b = 0; b < plan->blocks; b++) {
      for (int32_t p = 0; p < plan->panels_per_group; p++) {
        if (p % plan->unit == 0) {
          *entry_at(plan, g, b, p / plan->unit) = (esp_panel_entry){.value = value, .offset = at};
        }
        const int32_t alone = stream[at + 2], shared = stream[at + 3];
        for (int i = 0; i < 4; i++, at++) plan->columns[at] = stream[at];
        for (int32_t i = 0; i < 2 * alone + shared; i++, at++) {
          plan->columns[at] = (uint16_t)(stream[at] * vectors);
        }
        value += 2 * (alone + shared);
      }
    }
  }
}

void esp_weight_plan_fill(esp_weight_plan *plan, const float *bias,
                          const int32_t *column_offsets) {
  const esp_weight *w = &plan->weight;
  const int32_t padded = plan->panels_per_group * plan->height;
  for (int32_t g = 0; g < w->groups; g++) {
    for (int32_t r = 0; r < padded; r++) {
      const int32_t row = g * plan->rows_per_group + r;
      plan->start[(int64_t)g * padded + r] = bias && r < plan->rows_per_group ? bias[row] : 0;
    }
  }
  if (is_patterns(plan)) {
    fill_patterns(plan);
  } else if (is_pairs(plan)) {
    fill_pairs(plan);
  } else if (w->packing == ESP_PACKING_PANELS) {
    if (w->counts) {
      fill_lists(plan, column_offsets);
    } else {
      fill_dense(plan, column_offsets);
    }
  }
}

int32_t esp_weight_plan_chunk(const esp_weight_plan *plan, int64_t tiles) {
  const int32_t panels = plan->panels_per_group;
  // Fewer rows would not be worth bringing a block near, or packing it again.
  const int32_t rows = plan->whole ? ROWS_TOGETHER / 2 : ROWS_TOGETHER;
  const int32_t least = plan->blocks == 1 ? 1 : rows / plan->height;
  int64_t chunks = (ITEMS + tiles - 1) / tiles;
  if (chunks > panels) chunks = panels;
  int32_t chunk = divide_up(panels, (int32_t)chunks);
  if (chunk < least) chunk = least;
  chunk = divide_up(chunk, plan->unit) * plan->unit;
  return chunk < panels ? chunk : panels;
}

int32_t esp_weight_plan_together(const esp_weight_plan *plan) {
  int32_t most = ROWS_TOGETHER / plan->height;
  most -= most % plan->unit;
  return plan->blocks == 1 || plan->panels_per_group < most ? plan->panels_per_group : most;
}

size_t esp_weight_plan_sums(const esp_weight_plan *plan) {
  if (plan->blocks == 1) return 0;
  return (size_t)esp_weight_plan_together(plan) * (size_t)plan->height *
         (size_t)plan->tiling.step;
}
