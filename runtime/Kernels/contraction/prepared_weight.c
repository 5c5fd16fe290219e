#include "esp_prepared_weight.h"

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

static int is_patterns(const esp_prepared_weight *prepared) {
  return prepared->weight.packing == ESP_PACKING_PATTERN_GROUPS;
}

static int is_pairs(const esp_prepared_weight *prepared) {
  return prepared->weight.packing == ESP_PACKING_ROW_PAIRS;
}

esp_prepared_weight esp_prepared_weight_of(const esp_weight *weight, const esp_epilogue *epilogue,
                                   const esp_kernel_set *set) {
  esp_prepared_weight prepared = {.weight = *weight, .set = set, .blocks = 1,
                          .block = weight->columns, .whole = 1,
                          .low = -INFINITY, .high = INFINITY};
  prepared.height = weight->panel_height;
  prepared.rows_per_group = weight->rows / weight->groups;
  prepared.panels_per_group = divide_up(prepared.rows_per_group, prepared.height);
  prepared.unit = is_pairs(&prepared) ? weight->panels_per_list : 1;
  prepared.units_per_group = divide_up(prepared.panels_per_group, prepared.unit);
  switch (epilogue->activation) {
    case ESP_ACTIVATION_NONE: break;
    case ESP_ACTIVATION_RELU: prepared.low = 0; break;
    case ESP_ACTIVATION_CLIP:
      prepared.low = epilogue->a;
      prepared.high = epilogue->b;
      break;
    default: prepared.activates = 1;
  }
  return prepared;
}

void esp_prepared_weight_tile(esp_prepared_weight *prepared, int32_t columns, int64_t spread) {
  const esp_weight *w = &prepared->weight;
  const int32_t width = prepared->set->width;
  if (is_patterns(prepared) || is_pairs(prepared)) {
    const int32_t vectors =
        is_pairs(prepared) ? prepared->set->pair->vectors : prepared->set->pattern->vectors;
    prepared->tiling = esp_tiling_of(columns, width, vectors, 0, prepared->height);
    prepared->block = w->column_block < w->columns ? w->column_block : w->columns;
    prepared->blocks = divide_up(w->columns, prepared->block);
  } else {
    const esp_panel_shape *shape = esp_prepared_weight_shape(prepared);
    prepared->tiling = esp_tiling_of(columns, width, shape->vectors,
                                 shape->one_more ? ESP_PANEL_WHOLE : 0, prepared->height);
    // A little too much is better than another round of sums.
    const int64_t size = spread ? spread : (int64_t)w->columns * prepared->tiling.pitch;
    const int64_t most = prepared->height >= 4 ? FAR_FLOATS : NEAR_FLOATS;
    if (size > most + most / 4) {
      prepared->blocks = (int32_t)((size + most - 1) / most);
      if (prepared->blocks > w->columns) prepared->blocks = w->columns;
      prepared->block = divide_up(w->columns, prepared->blocks);
      prepared->blocks = divide_up(w->columns, prepared->block);
    }
  }
  // Packing a block just before it is used brings it near, unless that happens again and again.
  prepared->whole = (int64_t)w->columns * prepared->tiling.pitch <= WHOLE_FLOATS &&
                    (prepared->blocks == 1 ||
                     prepared->panels_per_group > 2 * esp_prepared_weight_together(prepared));
}

void esp_prepared_weight_lay_out(esp_prepared_weight *prepared, uintptr_t *at) {
  const esp_weight *w = &prepared->weight;
  const size_t panels = (size_t)prepared->panels_per_group * (size_t)w->groups;
  const size_t units = (size_t)prepared->units_per_group * (size_t)w->groups;
  size_t offsets = 0;
  if (is_patterns(prepared)) {
    offsets = w->stream_count;
  } else if (w->packing == ESP_PACKING_PANELS) {
    offsets = w->counts ? w->column_count : (size_t)w->columns;
  }
  prepared->entries = esp_take(at, units * (size_t)prepared->blocks * sizeof(esp_panel_entry));
  prepared->start = esp_take(at, panels * (size_t)prepared->height * sizeof(float));
  prepared->offsets = esp_take(at, offsets * sizeof(int32_t));
  // Kernels read four numbers behind the last.
  if (is_pairs(prepared))
    prepared->columns = esp_take(at, (w->stream_count + 4) * sizeof(uint16_t));
}

static int32_t place(const esp_prepared_weight *prepared, const int32_t *column_offsets,
                     int32_t column) {
  if (column_offsets) return column_offsets[column];
  return (prepared->whole ? column : column % prepared->block) * prepared->tiling.pitch;
}

static esp_panel_entry *entry_at(const esp_prepared_weight *prepared, int32_t group, int32_t block,
                                 int32_t unit) {
  return prepared->entries +
         ((int64_t)group * prepared->blocks + block) * prepared->units_per_group + unit;
}

static void fill_dense(esp_prepared_weight *prepared, const int32_t *column_offsets) {
  const int32_t columns = prepared->weight.columns, panels = prepared->panels_per_group;
  for (int32_t c = 0; c < columns; c++) prepared->offsets[c] = place(prepared, column_offsets, c);
  for (int32_t g = 0; g < prepared->weight.groups; g++) {
    for (int32_t b = 0; b < prepared->blocks; b++) {
      const int32_t first = b * prepared->block;
      for (int32_t p = 0; p < panels; p++) {
        *entry_at(prepared, g, b, p) = (esp_panel_entry){
            .value = (((int64_t)g * panels + p) * columns + first) * prepared->height,
            .offset = first,
            .count = esp_block_size(prepared, b)};
      }
    }
  }
}

static void fill_lists(esp_prepared_weight *prepared, const int32_t *column_offsets) {
  const esp_weight *w = &prepared->weight;
  for (size_t i = 0; i < w->column_count; i++) {
    prepared->offsets[i] = place(prepared, column_offsets, (int32_t)w->column[i]);
  }
  int64_t value = 0, offset = 0;
  size_t list = 0;
  for (int32_t g = 0; g < w->groups; g++) {
    for (int32_t first = 0; first < prepared->panels_per_group; first += w->panels_per_list) {
      int32_t end = first + w->panels_per_list;
      if (end > prepared->panels_per_group) end = prepared->panels_per_group;
      const int32_t count = (int32_t)w->counts[list++];
      const uint32_t *column = w->column + offset;
      for (int32_t b = 0, i = 0; b < prepared->blocks; b++) {
        const int32_t begin = i;
        const uint32_t limit = (uint32_t)(b + 1) * (uint32_t)prepared->block;
        while (i < count && column[i] < limit) i++;
        for (int32_t p = first; p < end; p++) {
          const int64_t before = (int64_t)(p - first) * count + begin;
          *entry_at(prepared, g, b, p) =
              (esp_panel_entry){.value = value + before * prepared->height,
                                .offset = offset + begin,
                                .count = i - begin};
        }
      }
      value += (int64_t)(end - first) * count * prepared->height;
      offset += count;
    }
  }
}

static void fill_patterns(esp_prepared_weight *prepared) {
  const uint16_t *stream = prepared->weight.stream;
  const int32_t pitch = prepared->tiling.pitch;
  int64_t value = 0, at = 0;
  for (int32_t g = 0; g < prepared->weight.groups; g++) {
    for (int32_t b = 0; b < prepared->blocks; b++) {
      const int32_t first = prepared->whole ? b * prepared->block * pitch : 0;
      for (int32_t p = 0; p < prepared->panels_per_group; p++) {
        esp_panel_entry *entry = entry_at(prepared, g, b, p);
        *entry = (esp_panel_entry){.value = value, .offset = at};
        for (int set = 1; set < 16; set++, at++) {
          const int32_t n = stream[at];
          prepared->offsets[at] = n;
          entry->count += n;
          value += n * __builtin_popcount((unsigned)set);
        }
        for (int32_t i = 0; i < entry->count; i++, at++) {
          prepared->offsets[at] = first + stream[at] * pitch;
        }
      }
    }
  }
}

static void fill_pairs(esp_prepared_weight *prepared) {
  const uint16_t *stream = prepared->weight.stream;
  const int32_t vectors = prepared->tiling.pitch / prepared->set->width;
  int64_t value = 0, at = 0;
  for (int32_t g = 0; g < prepared->weight.groups; g++) {
    for (int32_t b = 0; b < prepared->blocks; b++) {
      for (int32_t p = 0; p < prepared->panels_per_group; p++) {
        if (p % prepared->unit == 0) {
          *entry_at(prepared, g, b, p / prepared->unit) =
              (esp_panel_entry){.value = value, .offset = at};
        }
        const int32_t alone = stream[at + 2], shared = stream[at + 3];
        for (int i = 0; i < 4; i++, at++) prepared->columns[at] = stream[at];
        for (int32_t i = 0; i < 2 * alone + shared; i++, at++) {
          prepared->columns[at] = (uint16_t)(stream[at] * vectors);
        }
        value += 2 * (alone + shared);
      }
    }
  }
}

void esp_prepared_weight_fill(esp_prepared_weight *prepared, const float *bias,
                          const int32_t *column_offsets) {
  const esp_weight *w = &prepared->weight;
  const int32_t padded = prepared->panels_per_group * prepared->height;
  for (int32_t g = 0; g < w->groups; g++) {
    for (int32_t r = 0; r < padded; r++) {
      const int32_t row = g * prepared->rows_per_group + r;
      prepared->start[(int64_t)g * padded + r] =
          bias && r < prepared->rows_per_group ? bias[row] : 0;
    }
  }
  if (is_patterns(prepared)) {
    fill_patterns(prepared);
  } else if (is_pairs(prepared)) {
    fill_pairs(prepared);
  } else if (w->packing == ESP_PACKING_PANELS) {
    if (w->counts) {
      fill_lists(prepared, column_offsets);
    } else {
      fill_dense(prepared, column_offsets);
    }
  }
}

int32_t esp_prepared_weight_chunk(const esp_prepared_weight *prepared, int64_t tiles) {
  const int32_t panels = prepared->panels_per_group;
  // Fewer rows would not be worth bringing a block near, or packing it again.
  const int32_t rows = prepared->whole ? ROWS_TOGETHER / 2 : ROWS_TOGETHER;
  const int32_t least = prepared->blocks == 1 ? 1 : rows / prepared->height;
  int64_t chunks = (ITEMS + tiles - 1) / tiles;
  if (chunks > panels) chunks = panels;
  int32_t chunk = divide_up(panels, (int32_t)chunks);
  if (chunk < least) chunk = least;
  chunk = divide_up(chunk, prepared->unit) * prepared->unit;
  return chunk < panels ? chunk : panels;
}

int32_t esp_prepared_weight_together(const esp_prepared_weight *prepared) {
  int32_t most = ROWS_TOGETHER / prepared->height;
  most -= most % prepared->unit;
  return prepared->blocks == 1 || prepared->panels_per_group < most ? prepared->panels_per_group
                                                                    : most;
}

size_t esp_prepared_weight_sums(const esp_prepared_weight *prepared) {
  if (prepared->blocks == 1) return 0;
  return (size_t)esp_prepared_weight_together(prepared) * (size_t)prepared->height *
         (size_t)prepared->tiling.pitch;
}
