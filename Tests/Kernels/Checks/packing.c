#include "packing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int32_t divided_up(int32_t a, int32_t b) { return (a + b - 1) / b; }

void prune_for(store_kind kind, float *dense, int32_t rows, int32_t columns, int32_t groups,
               int32_t height, int32_t panels_per_list, int32_t keep, random_source *r) {
  if (kind == STORE_DENSE || kind >= STORE_DEPTHWISE) return;
  const int32_t per_group = rows / groups;
  const int32_t together = kind == STORE_SHARED ? height * panels_per_list : 1;
  for (int32_t g = 0; g < groups; g++) {
    for (int32_t first = 0; first < per_group; first += together) {
      int32_t left = 0;
      for (int32_t c = 0; c < columns; c++) {
        if (kind == STORE_N_OF_FOUR) {
          // So many of the columns left in this four, and so many of them to keep.
          if (c % 4 == 0) left = divided_up(4 * keep, 100);
          const int32_t width = columns - c / 4 * 4 < 4 ? columns - c / 4 * 4 : 4;
          if (random_below(r, width - c % 4) < left) {
            left--;
            continue;
          }
        } else if (random_below(r, 100) < keep) {
          continue;
        }
        for (int32_t i = first; i < first + together && i < per_group; i++) {
          dense[(int64_t)(g * per_group + i) * columns + c] = 0;
        }
      }
    }
  }
}

typedef struct {
  char *bytes;
  size_t count, room;
} growing;

static void append(growing *g, const void *item, size_t size) {
  if (g->count + size > g->room) {
    g->room = g->room * 2 + size + 256;
    g->bytes = realloc(g->bytes, g->room);
    if (!g->bytes) abort();
  }
  memcpy(g->bytes + g->count, item, size);
  g->count += size;
}

static void append_float(growing *g, float x) { append(g, &x, sizeof x); }
static void append_u32(growing *g, uint32_t x) { append(g, &x, sizeof x); }
static void append_u16(growing *g, int32_t x) {
  const uint16_t narrow = (uint16_t)x;
  append(g, &narrow, sizeof narrow);
}

static guarded settle(growing *g, int at_start) {
  guarded result = guarded_make(g->count, at_start);
  if (g->count) memcpy(result.memory, g->bytes, g->count);
  free(g->bytes);
  return result;
}

typedef struct {
  const float *dense;
  int32_t columns, per_group, group;
} matrix;

/// Row i of the group, or zero beyond it.
static float element(const matrix *m, int32_t i, int32_t c) {
  if (i >= m->per_group) return 0;
  return m->dense[(int64_t)(m->group * m->per_group + i) * m->columns + c];
}

static int any_nonzero(const matrix *m, int32_t first, int32_t count, int32_t c) {
  for (int32_t i = first; i < first + count; i++) {
    if (element(m, i, c) != 0) return 1;
  }
  return 0;
}

typedef struct {
  int32_t rows[2], alone, shared;
} row_pair;

enum { MOST_IN_BAND = 256 };

/// Of all pairs of rows of a band, takes those first that share most columns; of the pairs taken, those
/// that share least come first.
static int32_t pair_rows(const matrix *m, int32_t band, int32_t rows, int32_t begin, int32_t end,
                         row_pair *pairs) {
  int32_t kept[MOST_IN_BAND] = {0}, count = 0;
  int taken[MOST_IN_BAND] = {0};
  static _Thread_local uint16_t both[MOST_IN_BAND][MOST_IN_BAND];
  for (int32_t i = 0; i < rows; i++) {
    for (int32_t j = 0; j < rows; j++) both[i][j] = 0;
  }
  for (int32_t c = begin; c < end; c++) {
    int32_t here[MOST_IN_BAND], n = 0;
    for (int32_t i = 0; i < rows; i++) {
      if (element(m, band + i, c) == 0) continue;
      for (int32_t k = 0; k < n; k++) both[here[k]][i]++;
      here[n++] = i;
      kept[i]++;
    }
  }
  for (int32_t most = end - begin; most >= 0; most--) {
    for (int32_t i = 0; i < rows; i++) {
      for (int32_t j = i + 1; j < rows && !taken[i]; j++) {
        if (taken[j] || both[i][j] != most) continue;
        taken[i] = taken[j] = 1;
        row_pair pair = {.rows = {band + i, band + j}};
        pair.shared = most / 2 * 2;
        pair.alone = ((kept[i] > kept[j] ? kept[i] : kept[j]) - pair.shared + 1) / 2 * 2;
        pairs[count++] = pair;
      }
    }
  }
  for (int32_t i = 0; i < count / 2; i++) {
    const row_pair other = pairs[i];
    pairs[i] = pairs[count - 1 - i];
    pairs[count - 1 - i] = other;
  }
  return count;
}

/// The columns that are listed for one row: those that both rows keep (`shared` of them), or those
/// besides.
static int32_t next_column(const matrix *m, const row_pair *pair, int row, int32_t begin,
                           int32_t end, int shared, int32_t from) {
  int32_t both = 0;
  for (int32_t c = begin; c < end; c++) {
    const int kept = element(m, pair->rows[row], c) != 0;
    const int common = kept && element(m, pair->rows[1 - row], c) != 0 && both < pair->shared;
    both += common;
    if (c >= from && kept && common == shared) return c;
  }
  return -1;
}

static void append_pair(const matrix *m, const row_pair *pair, int32_t band, int32_t begin,
                        int32_t end, growing *stream, growing *values) {
  for (int row = 0; row < 2; row++) append_u16(stream, pair->rows[row] - band);
  append_u16(stream, pair->alone);
  append_u16(stream, pair->shared);
  int32_t from[2] = {begin, begin};
  for (int32_t i = 0; i < pair->alone; i++) {
    for (int row = 0; row < 2; row++) {
      const int32_t c = next_column(m, pair, row, begin, end, 0, from[row]);
      append_u16(stream, c < 0 ? 0 : c - begin);
      append_float(values, c < 0 ? 0 : element(m, pair->rows[row], c));
      from[row] = c < 0 ? end : c + 1;
    }
  }
  for (int32_t i = 0, c = begin; i < pair->shared; i++, c++) {
    c = next_column(m, pair, 0, begin, end, 1, c);
    append_u16(stream, c - begin);
    for (int row = 0; row < 2; row++) append_float(values, element(m, pair->rows[row], c));
  }
}

/// (G w G^T)[i][j] of one row and channel, in the order of summation that the kernels promise.
static float transformed(const matrix *m, int32_t row, int32_t channel, int32_t extent, int32_t i,
                         int32_t j) {
#pragma clang fp contract(off)
  static const double two[4][3] = {{-1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
  // Row of point p: (1, p, p * p) / the product of p's differences from the other points.
  static const double points[4] = {0.75, -0.75, 1.5, -1.5};
  double four[6][3] = {{1 / (0.5625 * 2.25), 0, 0}, [5] = {0, 0, 1}};
  for (int p = 0; p < 4; p++) {
    double differences = points[p];
    for (int q = 0; q < 4; q++) differences *= q == p ? 1 : points[p] - points[q];
    for (int k = 0; k < 3; k++) four[p + 1][k] = pow(points[p], k) / differences;
  }
  const double(*g)[3] = extent == 2 ? two : (const double(*)[3])four;
  double half[3];
  for (int32_t x = 0; x < 3; x++) {
    half[x] = 0;
    for (int32_t y = 0; y < 3; y++) {
      half[x] += g[i][y] * (double)element(m, row, channel * 9 + y * 3 + x);
    }
  }
  double sum = 0;
  for (int32_t x = 0; x < 3; x++) sum += half[x] * g[j][x];
  return (float)sum;
}

/// One panel of quads, with as many columns of each four as its fullest row needs.
static uint32_t append_quads(growing *values, const matrix *m, int32_t first) {
  int32_t most = 1;
  for (int32_t i = first; i < first + 16; i++) {
    for (int32_t c = 0; c < m->columns; c += 4) {
      int32_t kept = 0;
      for (int32_t k = c; k < c + 4 && k < m->columns; k++) kept += element(m, i, k) != 0;
      if (kept > most) most = kept;
    }
  }
  const int32_t width = 16 / most * 4;
  for (int32_t block = 0; block < m->columns; block += width) {
    uint32_t codes[16] = {0};
    growing kept = {0};
    int position = 0;
    for (int32_t c = block; c < block + width && c < m->columns; c += 4) {
      int32_t next[16] = {0};
      for (int32_t n = 0; n < most; n++, position++) {
        for (int32_t i = 0; i < 16; i++) {
          while (next[i] < 4 &&
                 (c + next[i] >= m->columns || element(m, first + i, c + next[i]) == 0)) {
            next[i]++;
          }
          append_float(&kept, next[i] < 4 ? element(m, first + i, c + next[i]) : 0);
          // Fill may name any column.
          codes[i] |= (uint32_t)(next[i] < 4 ? next[i]++ : (i + n) % 4) << (2 * position);
        }
      }
    }
    append(values, codes, sizeof codes);
    append(values, kept.bytes, kept.count);
    free(kept.bytes);
  }
  return (uint32_t)most;
}

/// One panel of a bitmap; returns how many values it has.
static uint32_t append_bitmap(growing *values, growing *masks, const matrix *m, int32_t first) {
  uint32_t kept = 0;
  for (int32_t c = 0; c < m->columns; c++) {
    int32_t mask = 0;
    for (int32_t i = 0; i < 16; i++) {
      const float value = element(m, first + i, c);
      if (value == 0) continue;
      mask |= 1 << i;
      append_float(values, value);
      kept++;
    }
    append_u16(masks, mask);
  }
  return kept;
}

/// What convolutions run on, slow and plain.
static void append_transformed(growing *values, const matrix *m, int32_t extent) {
  const int32_t n = extent + 2, channels = m->columns / 9;
  for (int32_t strip = 0; strip < m->per_group; strip += 32) {
    for (int32_t position = 0; position < n * n; position++) {
      for (int32_t first = strip; first < strip + 32 && first < m->per_group; first += 8) {
        for (int32_t channel = 0; channel < channels; channel++) {
          for (int32_t i = 0; i < 8; i++) {
            append_float(values,
                         transformed(m, first + i, channel, extent, position / n, position % n));
          }
        }
      }
    }
  }
}

static void append_rows(growing *values, const matrix *m) {
  for (int32_t i = 0; i < m->per_group; i++) {
    for (int32_t c = 0; c < m->columns; c++) append_float(values, element(m, i, c));
  }
}

packed_weight pack_weight(store_kind kind, const float *dense, int32_t rows, int32_t columns,
                          int32_t groups, int32_t height, int32_t panels_per_list,
                          int32_t column_block, int at_start) {
  growing values = {0}, counts = {0}, column = {0}, stream = {0}, transformed = {0};
  matrix m = {dense, columns, rows / groups, 0};
  packed_weight p = {.weight = {.rows = rows, .columns = columns, .groups = groups,
                                .panel_height = height, .panels_per_list = panels_per_list,
                                .column_block = column_block}};
  for (m.group = 0; m.group < groups; m.group++) {
    const int32_t panels = (m.per_group + height - 1) / height;
    switch (kind) {
      case STORE_DENSE:
        p.weight.packing = ESP_PACKING_PANELS;
        for (int32_t q = 0; q < panels; q++) {
          for (int32_t c = 0; c < columns; c++) {
            for (int32_t i = 0; i < height; i++) {
              append_float(&values, element(&m, q * height + i, c));
            }
          }
        }
        break;
      case STORE_SHARED:
        p.weight.packing = ESP_PACKING_PANELS;
        for (int32_t l = 0; l < panels; l += panels_per_list) {
          const int32_t last = l + panels_per_list < panels ? l + panels_per_list : panels;
          uint32_t count = 0;
          for (int32_t c = 0; c < columns; c++) {
            if (!any_nonzero(&m, l * height, (last - l) * height, c)) continue;
            append_u32(&column, (uint32_t)c);
            count++;
          }
          append_u32(&counts, count);
          for (int32_t q = l; q < last; q++) {
            for (int32_t c = 0; c < columns; c++) {
              if (!any_nonzero(&m, l * height, (last - l) * height, c)) continue;
              for (int32_t i = 0; i < height; i++) {
                append_float(&values, element(&m, q * height + i, c));
              }
            }
          }
        }
        break;
      case STORE_PATTERNS:
        p.weight.packing = ESP_PACKING_PATTERN_GROUPS;
        p.weight.panel_height = 4;
        for (int32_t b = 0; b < columns; b += column_block) {
          const int32_t end = b + column_block < columns ? b + column_block : columns;
          for (int32_t first = 0; first < m.per_group; first += 4) {
            growing relative = {0};
            for (int32_t set = 1; set < 16; set++) {
              int32_t count = 0;
              for (int32_t c = b; c < end; c++) {
                int32_t found = 0;
                for (int32_t i = 0; i < 4; i++) {
                  if (element(&m, first + i, c) != 0) found |= 1 << i;
                }
                if (found != set) continue;
                count++;
                append_u16(&relative, c - b);
                for (int32_t i = 0; i < 4; i++) {
                  if ((set >> i) & 1) append_float(&values, element(&m, first + i, c));
                }
              }
              append_u16(&stream, count);
            }
            if (relative.count) append(&stream, relative.bytes, relative.count);
            free(relative.bytes);
          }
        }
        break;
      case STORE_PAIRS:
        p.weight.packing = ESP_PACKING_ROW_PAIRS;
        p.weight.panel_height = 2;
        for (int32_t b = 0; b < columns; b += column_block) {
          const int32_t end = b + column_block < columns ? b + column_block : columns;
          for (int32_t band = 0; band < m.per_group; band += 2 * panels_per_list) {
            const int32_t left = m.per_group - band, even = left + left % 2;
            row_pair pairs[MOST_IN_BAND / 2];
            const int32_t count = pair_rows(
                &m, band, even < 2 * panels_per_list ? even : 2 * panels_per_list, b, end, pairs);
            for (int32_t i = 0; i < count; i++) {
              append_pair(&m, &pairs[i], band, b, end, &stream, &values);
            }
          }
        }
        break;
      case STORE_SLICED_ELLPACK:
        p.weight.packing = ESP_PACKING_SLICED_ELLPACK;
        p.weight.panel_height = 16;
        for (int32_t first = 0; first < m.per_group; first += 16) {
          uint32_t most = 0;
          for (int32_t i = 0; i < 16; i++) {
            uint32_t count = 0;
            for (int32_t c = 0; c < columns; c++) count += element(&m, first + i, c) != 0;
            if (count > most) most = count;
          }
          append_u32(&counts, most);
          int32_t next[16] = {0};
          for (uint32_t k = 0; k < most; k++) {
            for (int32_t i = 0; i < 16; i++) {
              while (next[i] < columns && element(&m, first + i, next[i]) == 0) next[i]++;
              const int32_t c = next[i] < columns ? next[i]++ : -1;
              append_float(&values, c < 0 ? 0 : element(&m, first + i, c));
              append_u32(&column, c < 0 ? 0 : (uint32_t)c);
            }
          }
        }
        break;
      case STORE_N_OF_FOUR:
        p.weight.packing = ESP_PACKING_N_OF_FOUR;
        p.weight.panel_height = 16;
        for (int32_t first = 0; first < m.per_group; first += 16) {
          append_u32(&counts, append_quads(&values, &m, first));
        }
        break;
      case STORE_BITMAP:
        p.weight.packing = ESP_PACKING_BITMAP;
        p.weight.panel_height = 16;
        for (int32_t first = 0; first < m.per_group; first += 16) {
          append_u32(&counts, append_bitmap(&values, &stream, &m, first));
        }
        // What stands behind the last is read and must not matter.
        for (int i = 0; i < 16; i++) append_float(&values, NAN);
        break;
      case STORE_WINOGRAD_2:
      case STORE_WINOGRAD_4:
        p.weight.packing =
            kind == STORE_WINOGRAD_2 ? ESP_PACKING_WINOGRAD_2 : ESP_PACKING_WINOGRAD_4;
        append_rows(&values, &m);
        append_transformed(&transformed, &m, kind == STORE_WINOGRAD_2 ? 2 : 4);
        break;
      default:
        p.weight.packing = ESP_PACKING_DEPTHWISE;
        append_rows(&values, &m);
    }
  }
  p.weight.value_count = values.count / sizeof(float);
  p.weight.count_count = counts.count / sizeof(uint32_t);
  p.weight.column_count = column.count / sizeof(uint32_t);
  p.weight.stream_count = stream.count / sizeof(uint16_t);
  p.values = settle(&values, at_start);
  p.counts = settle(&counts, at_start);
  p.column = settle(&column, at_start);
  p.stream = settle(&stream, at_start);
  p.weight.transformed = 0;
  const int is_transformed = transformed.count > 0;
  p.transformed = settle(&transformed, at_start);
  if (is_transformed) p.weight.transformed = (const float *)p.transformed.memory;
  const int listed = kind == STORE_SHARED || kind == STORE_SLICED_ELLPACK;
  p.weight.values = p.values.memory;
  p.weight.element = ESP_F32;
  p.weight.counts = p.weight.count_count ? (const uint32_t *)p.counts.memory : 0;
  p.weight.column = listed ? (const uint32_t *)p.column.memory : 0;
  p.weight.stream = p.weight.stream_count ? (const uint16_t *)p.stream.memory : 0;
  return p;
}

int packed_free(packed_weight *p) {
  int intact = guarded_free(&p->values);
  intact &= guarded_free(&p->counts);
  intact &= guarded_free(&p->column);
  intact &= guarded_free(&p->transformed);
  return intact & guarded_free(&p->stream);
}
