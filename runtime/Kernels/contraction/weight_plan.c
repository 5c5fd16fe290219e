#include "esp_weight_plan.h"

#include <math.h>

enum {
  /// Floats of a tile that stay in the nearest cache beside weights and sums: 32 KiB.
  NEAR_FLOATS = 8192,
  /// Floats of a tile that stay in the second cache while weights stream past: 512 KiB.
  FAR_FLOATS = 131072,
  /// Rows whose sums wait together between blocks.
  ROWS_TOGETHER = 256,
};

static int32_t divide_up(int32_t a, int32_t b) { return (a + b - 1) / b; }

static int is_patterns(const esp_weight_plan *plan) {
  return plan->weight.packing == ESP_PACKING_PATTERN_GROUPS;
}

static const esp_panel_shape *shape_of(const esp_weight_plan *plan) {
  const int32_t h = plan->height;
  return &plan->set->panel->shape[h == 8 ? 3 : h == 4 ? 2 : h == 2 ? 1 : 0];
}

esp_weight_plan esp_weight_plan_of(const esp_weight *weight, const esp_epilogue *epilogue,
                                   esp_isa isa) {
  esp_weight_plan plan = {.weight = *weight, .set = esp_kernel_set_for(isa), .blocks = 1,
                          .block = weight->columns, .pieces = 1,
                          .low = -INFINITY, .high = INFINITY};
  plan.height = weight->packing == ESP_PACKING_ROWS             ? 16
                : weight->packing == ESP_PACKING_PATTERN_GROUPS ? 4
                                                                : weight->panel_height;
  plan.rows_per_group = weight->rows / weight->groups;
  plan.panels_per_group = divide_up(plan.rows_per_group, plan.height);
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

void esp_weight_plan_tile(esp_weight_plan *plan, int32_t columns) {
  const esp_weight *w = &plan->weight;
  const int32_t width = plan->set->width;
  if (is_patterns(plan)) {
    plan->tiling = esp_tiling_of(columns, width, plan->set->pattern->vectors, 0, 2);
    // Entries hold places in a tile in 16 bits, which this keeps them below.
    plan->pieces = divide_up(w->column_block, NEAR_FLOATS / plan->tiling.step);
    plan->block = divide_up(w->column_block, plan->pieces);
    plan->blocks = divide_up(w->columns, w->column_block) * plan->pieces;
    return;
  }
  const esp_panel_shape *shape = shape_of(plan);
  plan->tiling = esp_tiling_of(columns, width, shape->vectors,
                               shape->one_more ? ESP_PANEL_WHOLE : 0, plan->height);
  const int32_t most = (plan->height == 8 ? FAR_FLOATS : NEAR_FLOATS) / plan->tiling.step;
  // A little too much is better than another round of sums.
  if (w->columns > most + most / 4) {
    plan->blocks = divide_up(w->columns, most);
    plan->block = divide_up(w->columns, plan->blocks);
    plan->blocks = divide_up(w->columns, plan->block);
  }
}

/// How many entries pairs of rows have in the whole stream: each set counts once for each pair that
/// it has rows of.
static size_t pair_entries(const esp_weight_plan *plan) {
  const uint16_t *stream = plan->weight.stream;
  const int64_t lists = (int64_t)plan->weight.groups * plan->panels_per_group *
                        divide_up(plan->weight.columns, plan->weight.column_block);
  size_t at = 0, total = 0;
  for (int64_t l = 0; l < lists; l++) {
    size_t columns = 0;
    for (int set = 1; set < 16; set++) {
      const size_t n = stream[at + (size_t)set - 1];
      total += n * (size_t)(((set & 3) != 0) + ((set & 12) != 0));
      columns += n;
    }
    at += 15 + columns;
  }
  return total;
}

void esp_weight_plan_lay_out(esp_weight_plan *plan, uintptr_t *at) {
  const esp_weight *w = &plan->weight;
  const size_t panels = (size_t)plan->panels_per_group * (size_t)w->groups;
  size_t offsets = 0;
  if (is_patterns(plan)) {
    offsets = pair_entries(plan);
  } else if (w->packing == ESP_PACKING_PANELS) {
    offsets = w->counts ? w->column_count : (size_t)w->columns;
  }
  plan->entries = esp_take(at, panels * (size_t)plan->blocks * sizeof(esp_panel_entry));
  plan->start = esp_take(at, panels * (size_t)plan->height * sizeof(float));
  plan->offsets = esp_take(at, offsets * sizeof(int32_t));
}

static int32_t place(const esp_weight_plan *plan, const int32_t *column_offsets, int32_t column) {
  return column_offsets ? column_offsets[column] : column % plan->block * plan->tiling.step;
}

static esp_panel_entry *entry_at(const esp_weight_plan *plan, int32_t group, int32_t block,
                                 int32_t panel) {
  return plan->entries +
         ((int64_t)group * plan->blocks + block) * plan->panels_per_group + panel;
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
            .counts = {esp_block_size(plan, b)}};
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
                                                       .counts = {i - begin}};
        }
      }
      value += (int64_t)(end - first) * count * plan->height;
      offset += count;
    }
  }
}

/// Sorts one panel and block of the file's 15 sets into three lists for each pair of rows and piece
/// of the block. Returns how many entries that made.
static int64_t fill_panel_patterns(esp_weight_plan *plan, const uint16_t *stream,
                                   esp_panel_entry *entries, int64_t value, int64_t offset) {
  uint32_t *out = (uint32_t *)plan->offsets;
  const int32_t step = plan->tiling.step;
  const int64_t stride = plan->panels_per_group;  // from one piece's entry to the next
  int64_t made = 0;
  for (int32_t piece = 0; piece < plan->pieces; piece++) {
    esp_panel_entry *e = entries + piece * stride;
    const uint32_t low = (uint32_t)(piece * plan->block), high = low + (uint32_t)plan->block;
    *e = (esp_panel_entry){.value = value, .offset = offset + made};
    for (int list = 0; list < 6; list++) {
      const int pair = list / 3 * 2, wanted = list % 3 + 1;
      const int64_t begin = made;
      const uint16_t *column = stream + 15;
      uint32_t at = 0;
      for (int set = 1; set < 16; set++) {
        const uint32_t n = stream[set - 1];
        const uint32_t values = (uint32_t)__builtin_popcount((unsigned)set);
        if (((set >> pair) & 3) == wanted) {
          // The pair's first value stands behind those of the rows below it.
          const uint32_t before = (uint32_t)__builtin_popcount((unsigned)set & ((1u << pair) - 1));
          for (uint32_t i = 0; i < n; i++) {
            if (column[i] < low || column[i] >= high) continue;
            out[offset + made++] = (column[i] - low) * (uint32_t)step |
                                   (at + i * values + before) << 16;
          }
        }
        column += n;
        at += n * values;
      }
      e->counts[list] = (int32_t)(made - begin);
    }
  }
  return made;
}

static void fill_patterns(esp_weight_plan *plan) {
  const esp_weight *w = &plan->weight;
  const uint16_t *stream = w->stream;
  int64_t value = 0, offset = 0;
  for (int32_t g = 0; g < w->groups; g++) {
    for (int32_t b = 0; b < plan->blocks; b += plan->pieces) {
      for (int32_t p = 0; p < plan->panels_per_group; p++) {
        offset += fill_panel_patterns(plan, stream, entry_at(plan, g, b, p), value, offset);
        int32_t columns = 0;
        for (int set = 1; set < 16; set++) {
          columns += stream[set - 1];
          value += stream[set - 1] * __builtin_popcount((unsigned)set);
        }
        stream += 15 + columns;
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
  } else if (w->packing == ESP_PACKING_PANELS) {
    if (w->counts) {
      fill_lists(plan, column_offsets);
    } else {
      fill_dense(plan, column_offsets);
    }
  }
}

int32_t esp_weight_plan_together(const esp_weight_plan *plan) {
  const int32_t most = ROWS_TOGETHER / plan->height;
  return plan->blocks == 1 || plan->panels_per_group < most ? plan->panels_per_group : most;
}

size_t esp_weight_plan_sums(const esp_weight_plan *plan) {
  if (plan->blocks == 1) return 0;
  return (size_t)esp_weight_plan_together(plan) * (size_t)plan->height *
         (size_t)plan->tiling.step;
}
