// The functions of esp_pack.h for the vector type that the including file chose. That file also
// defines esp_transpose(rows): in registers, rows[i] lane j becomes rows[j] lane i; and
// esp_even(a, b): the even lanes of a, then of b. With ESP_PACK_ANY_LANES, esp_vec_load_lanes(p,
// any) reads the lanes that esp_lanes_of(bits) has, and zeros for the others.

static void ESP_VEC_NAME(esp_pack_rows)(float *tile, ptrdiff_t pitch, const float *x,
                                        const int32_t *offsets, int32_t count, int32_t columns) {
  enum { W = ESP_VEC_WIDTH };
  const int32_t whole = columns / W * W, rest = columns - whole;
  for (int32_t k = 0; k < count; k++) {
    const float *from = x + offsets[k];
    float *to = tile + k * pitch;
    for (int32_t j = 0; j < whole; j += W) esp_vec_store(to + j, esp_vec_load(from + j));
    if (rest) esp_vec_store(to + whole, esp_vec_load_first(from + whole, rest));
  }
}

/// Vectors with lanes of both kinds take a loop over lanes where the instruction set has no loads
/// of any lanes.
static void ESP_VEC_NAME(esp_pack_lanes)(float *tile, ptrdiff_t pitch, const float *x,
                                         ptrdiff_t x_stride, int32_t count, const uint16_t *lanes,
                                         int32_t vectors) {
  enum { W = ESP_VEC_WIDTH };
  for (int32_t k = 0; k < count; k++, tile += pitch, x += x_stride) {
    for (int32_t v = 0; v < vectors; v++) {
#ifdef ESP_PACK_ANY_LANES
      esp_vec_store(tile + v * W, esp_vec_load_lanes(x + v * W, esp_lanes_of(lanes[v])));
#else
      if (lanes[v] == (1u << W) - 1) {
        esp_vec_store(tile + v * W, esp_vec_load(x + v * W));
        continue;
      }
      for (int32_t i = 0; i < W; i++) {
        tile[v * W + i] = lanes[v] >> i & 1 ? x[v * W + i] : 0.0f;
      }
#endif
    }
  }
}

/// One square: `count` of its rows exist in the tile, `columns` of its columns in the tensor.
static inline void ESP_VEC_NAME(esp_pack_square)(float *tile, ptrdiff_t pitch, const float *x,
                                                 ptrdiff_t x_stride, int32_t count,
                                                 int32_t columns, float scale) {
  enum { W = ESP_VEC_WIDTH };
  esp_vec v[W], zero = esp_vec_set(0.0f), factor = esp_vec_set(scale);
  if (count == W && columns == W) {
    for (int j = 0; j < W; j++) v[j] = esp_vec_load(x + j * x_stride);
  } else {
    for (int j = 0; j < W; j++) {
      v[j] = j < columns ? esp_vec_load_first(x + j * x_stride, count) : zero;
    }
  }
  esp_transpose(v);
  if (count == W) {
    for (int i = 0; i < W; i++) esp_vec_store(tile + i * pitch, esp_vec_mul(v[i], factor));
  } else {
    for (int i = 0; i < count; i++) esp_vec_store(tile + i * pitch, esp_vec_mul(v[i], factor));
  }
}

static void ESP_VEC_NAME(esp_pack_transposed)(float *tile, ptrdiff_t pitch, const float *x,
                                              ptrdiff_t x_stride, int32_t count, int32_t columns,
                                              float scale) {
  enum { W = ESP_VEC_WIDTH };
  for (int32_t j = 0; j < columns; j += W) {
    const int32_t across = columns - j < W ? columns - j : W;
    for (int32_t k = 0; k < count; k += W) {
      ESP_VEC_NAME(esp_pack_square)
      (tile + k * pitch + j, pitch, x + j * x_stride + k, x_stride, count - k < W ? count - k : W,
       across, scale);
    }
  }
}

static inline __attribute__((always_inline)) void esp_finish_squares(
    const float *sums, ptrdiff_t pitch, int32_t rows, int32_t columns, float *y,
    ptrdiff_t y_stride, const float *residual, const esp_epilogue *e, int kind) {
  enum { W = ESP_VEC_WIDTH };
  const float a = e->a, b = e->b;
  for (int32_t i = 0; i < rows; i += W) {
    const int32_t down = rows - i < W ? rows - i : W;
    for (int32_t j = 0; j < columns; j += W) {
      const int32_t across = columns - j < W ? columns - j : W;
      esp_vec v[W];
      // Lanes beyond `columns` hold whatever the kernel computed there; they are not stored.
      for (int k = 0; k < W; k++) {
        v[k] = k < down ? esp_vec_load(sums + (i + k) * pitch + j) : esp_vec_set(0.0f);
      }
      esp_transpose(v);
      for (int k = 0; k < across; k++) {
        const ptrdiff_t at = (j + k) * y_stride + i;
        esp_vec value = v[k];
        if (residual) value = esp_vec_add(value, esp_vec_load_first(residual + at, down));
        esp_vec_store_first(y + at, esp_vec_activate(kind, a, b, value), down);
      }
    }
  }
}

static void ESP_VEC_NAME(esp_finish_transposed)(const float *sums, ptrdiff_t pitch, int32_t rows,
                                                int32_t columns, float *y, ptrdiff_t y_stride,
                                                const float *residual, const esp_epilogue *e) {
#define ESP_FINISH(kind) \
  esp_finish_squares(sums, pitch, rows, columns, y, y_stride, residual, e, kind)
  switch (e->activation) {  // loops of their own for what networks have most
    case ESP_ACTIVATION_NONE: ESP_FINISH(ESP_ACTIVATION_NONE); break;
    case ESP_ACTIVATION_GELU: ESP_FINISH(ESP_ACTIVATION_GELU); break;
    default: ESP_FINISH((int)e->activation);
  }
#undef ESP_FINISH
}

static inline __attribute__((always_inline)) void esp_activate_row(float *y, int64_t count,
                                                                   int kind,
                                                                   const esp_epilogue *e) {
  const float a = e->a, b = e->b;
  int64_t j = 0;
  for (; j + ESP_VEC_WIDTH <= count; j += ESP_VEC_WIDTH) {
    esp_vec_store(y + j, esp_vec_activate(kind, a, b, esp_vec_load(y + j)));
  }
  if (j == count) return;
  const int rest = (int)(count - j);
  esp_vec_store_first(y + j, esp_vec_activate(kind, a, b, esp_vec_load_first(y + j, rest)), rest);
}

static void ESP_VEC_NAME(esp_activate)(float *y, ptrdiff_t y_stride, int32_t rows,
                                       int32_t columns, const esp_epilogue *e) {
  // Rows that follow each other are one, as those of a plane of one pixel are.
  const int joined = y_stride == columns;
  const int64_t count = joined ? (int64_t)rows * columns : columns;
  for (int32_t i = 0; i < (joined ? 1 : rows); i++) {
    float *row = y + i * y_stride;
    switch (e->activation) {
      case ESP_ACTIVATION_SILU: esp_activate_row(row, count, ESP_ACTIVATION_SILU, e); break;
      case ESP_ACTIVATION_SIGMOID: esp_activate_row(row, count, ESP_ACTIVATION_SIGMOID, e); break;
      case ESP_ACTIVATION_GELU: esp_activate_row(row, count, ESP_ACTIVATION_GELU, e); break;
      default: esp_activate_row(row, count, (int)e->activation, e);
    }
  }
}

static void ESP_VEC_NAME(esp_pack_strided)(float *to, ptrdiff_t to_stride, const float *from,
                                           ptrdiff_t from_stride, int32_t rows, int32_t columns,
                                           int32_t stride) {
  enum { W = ESP_VEC_WIDTH };
  for (int32_t i = 0; i < rows; i++, to += to_stride, from += from_stride) {
    int32_t j = 0;
    if (stride == 1) {
      for (; j + W <= columns; j += W) esp_vec_store(to + j, esp_vec_load(from + j));
      if (j < columns) {
        esp_vec_store_first(to + j, esp_vec_load_first(from + j, columns - j), columns - j);
      }
    } else if (stride == 2) {
      for (; j + W < columns; j += W) {
        const float *p = from + 2 * j;
        esp_vec_store(to + j, esp_even(esp_vec_load(p), esp_vec_load(p + W)));
      }
      for (; j < columns && W < 8; j++) to[j] = from[2 * j];  // no masked loads there
      if (j < columns) {
        const float *p = from + 2 * j;
        const int left = 2 * (columns - j) - 1;
        const esp_vec a = esp_vec_load_first(p, left < W ? left : W);
        const esp_vec b = left > W ? esp_vec_load_first(p + W, left - W) : a;
        esp_vec_store_first(to + j, esp_even(a, b), columns - j);
      }
    } else {
      for (; j < columns; j++) to[j] = from[(ptrdiff_t)j * stride];
    }
  }
}

#define ESP_PACK_TABLE                                                            \
  {                                                                               \
    .rows = ESP_VEC_NAME(esp_pack_rows), .transposed = ESP_VEC_NAME(esp_pack_transposed), \
    .finish_transposed = ESP_VEC_NAME(esp_finish_transposed),                     \
    .activate = ESP_VEC_NAME(esp_activate), .strided = ESP_VEC_NAME(esp_pack_strided), \
    .lanes = ESP_VEC_NAME(esp_pack_lanes),                                        \
  }
