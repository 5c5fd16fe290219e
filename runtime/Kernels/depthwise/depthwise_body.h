// The functions of esp_depthwise.h for the vector type that the including file chose. That file
// also defines esp_split(a, b, &even, &odd): the even and the odd lanes of a, then of b.

#include <string.h>

#define ESP_UNROLL _Pragma("clang loop unroll(full)")
// Loads and sums stay in the order they are written: gathered at the top, loads would not fit the
// registers.
#ifdef ESP_DEPTHWISE_REGISTER
#define ESP_KEEP_ORDER(sum) __asm__ volatile("" : ESP_DEPTHWISE_REGISTER(sum) : : "memory");
#else
#define ESP_KEEP_ORDER(sum)
#endif


/// Rows of one phase, `count` floats each; zeros up to the end of a vector follow.
static inline void ESP_VEC_NAME(esp_depthwise_copy)(float *to, ptrdiff_t pitch, const float *from,
                                                    ptrdiff_t from_pitch, int32_t rows,
                                                    int32_t count) {
  const int32_t whole = count / ESP_VEC_WIDTH * ESP_VEC_WIDTH, rest = count - whole;
  for (; rows > 0; rows--, to += pitch, from += from_pitch) {
    for (int32_t j = 0; j < whole; j += ESP_VEC_WIDTH) {
      esp_vec_store(to + j, esp_vec_load(from + j));
    }
    if (rest) esp_vec_store(to + whole, esp_vec_load_first(from + whole, rest));
  }
}

/// The same of every second float, by turns.
static inline void ESP_VEC_NAME(esp_depthwise_deal)(float *even, float *odd, ptrdiff_t pitch,
                                                    const float *from, ptrdiff_t from_pitch,
                                                    int32_t rows, int32_t count) {
  enum { W = ESP_VEC_WIDTH };
  const int32_t whole = count / (2 * W) * (2 * W), rest = count - whole;
  const int32_t first = rest < W ? rest : W, second = rest - first;
  esp_vec low, high;
  for (; rows > 0; rows--, even += pitch, odd += pitch, from += from_pitch) {
    for (int32_t j = 0; j < whole; j += 2 * W) {
      esp_split(esp_vec_load(from + j), esp_vec_load(from + j + W), &low, &high);
      esp_vec_store(even + j / 2, low);
      esp_vec_store(odd + j / 2, high);
    }
    if (!rest) continue;
    const float *end = from + whole;
    esp_split(esp_vec_load_first(end, first), esp_vec_load_first(end + first, second), &low,
              &high);
    esp_vec_store(even + whole / 2, low);
    esp_vec_store(odd + whole / 2, high);
  }
}

/// Any strides, one float at a time.
static void ESP_VEC_NAME(esp_depthwise_scatter)(const esp_depthwise_fill *f) {
  const esp_depthwise_layout *l = f->layout;
  for (int32_t row = f->first; row < f->last; row++) {
    const int32_t i = row - f->top, phase = i % l->stride_h;
    if (phase >= l->row_phases) continue;  // met by no tap
    float *to = f->band + phase * l->row_phase + i / l->stride_h * l->pitch;
    const float *from = f->from + (row - f->first) * f->from_pitch;
    for (int32_t j = 0; j < l->columns; j++) {
      const int32_t x = l->left + j, q = x % l->stride_w;
      if (q < l->column_phases) to[q * l->column_phase + x / l->stride_w] = from[j];
    }
  }
}

/// Zeroes band rows first ..< last.
static void ESP_VEC_NAME(esp_depthwise_zero)(const esp_depthwise_fill *f, int32_t first,
                                             int32_t last) {
  const esp_depthwise_layout *l = f->layout;
  for (int32_t i = first; i < last; i++) {
    const int32_t phase = i % l->stride_h;
    float *to = f->band + phase * l->row_phase + i / l->stride_h * l->pitch;
    for (int32_t q = 0; phase < l->row_phases && q < l->column_phases; q++) {
      memset(to + q * l->column_phase, 0, (size_t)l->pitch * sizeof(float));
    }
  }
}

static void ESP_VEC_NAME(esp_depthwise_fill)(const esp_depthwise_fill *f) {
  const esp_depthwise_layout *l = f->layout;
  const int32_t first = f->first - f->top, rows = f->last - f->first;
  if (f->zeroes) {
    ESP_VEC_NAME(esp_depthwise_zero)(f, 0, rows > 0 ? first : f->rows);
    if (rows > 0) ESP_VEC_NAME(esp_depthwise_zero)(f, first + rows, f->rows);
  }
  if (l->columns == 0) return;
  if (l->stride_h == 1 && l->stride_w == 1) {
    ESP_VEC_NAME(esp_depthwise_copy)(f->band + first * l->pitch + l->left, l->pitch, f->from,
                                     f->from_pitch, rows, l->columns);
  } else if (l->stride_h == 2 && l->stride_w == 2 && l->row_phases == 2 && l->column_phases == 2) {
    for (int32_t i = first; i < first + 2 && i < first + rows; i++) {
      float *to = f->band + (i & 1) * l->row_phase + i / 2 * l->pitch;
      float *even = to + (l->left + 1) / 2, *odd = to + l->column_phase + l->left / 2;
      ESP_VEC_NAME(esp_depthwise_deal)(l->left & 1 ? odd : even, l->left & 1 ? even : odd,
                                       l->pitch, f->from + (i - first) * f->from_pitch,
                                       2 * f->from_pitch, (rows - (i - first) + 1) / 2,
                                       l->columns);
    }
  } else {
    ESP_VEC_NAME(esp_depthwise_scatter)(f);
  }
}

static inline __attribute__((always_inline)) void esp_depthwise_store(
    const esp_depthwise_call *call, esp_vec value, ptrdiff_t at, int count) {
  if (call->residual) {
    value = esp_vec_add(value, esp_vec_load_first(call->residual + at, count));
  }
  value = esp_vec_clip(value, esp_vec_set(call->low), esp_vec_set(call->high));
  if (count == ESP_VEC_WIDTH) {
    esp_vec_store(call->y + at, value);
  } else {
    esp_vec_store_first(call->y + at, value, count);
  }
}

// `R` output rows at a time share each weight's broadcast.
static inline __attribute__((always_inline)) void esp_depthwise_any_rows(
    const esp_depthwise_call *call, int32_t row, const int R) {
  const esp_depthwise_layout *l = call->layout;
  for (int32_t first = 0; first < call->columns; first += ESP_VEC_WIDTH) {
    const int32_t left = call->columns - first;
    esp_vec acc[4];
    ESP_UNROLL for (int r = 0; r < R; r++) acc[r] = esp_vec_set(call->start);
    const float *w = call->weights;
    for (int32_t ky = 0; ky < call->kernel_h; ky++) {
      for (int32_t kx = 0; kx < call->kernel_w; kx++) {
        const float *p = call->band + row * l->pitch + first +
                         esp_depthwise_tap(l, ky * call->dilation_h, kx * call->dilation_w);
        const esp_vec a = esp_vec_set(*w++);
        ESP_UNROLL for (int r = 0; r < R; r++) {
          acc[r] = esp_vec_fma(a, esp_vec_load(p + r * l->pitch), acc[r]);
        }
      }
    }
    ESP_UNROLL for (int r = 0; r < R; r++) {
      esp_depthwise_store(call, acc[r], (ptrdiff_t)(row + r) * call->columns + first,
                          left < ESP_VEC_WIDTH ? left : ESP_VEC_WIDTH);
    }
  }
}

static void ESP_VEC_NAME(esp_depthwise_any)(const esp_depthwise_call *call) {
  int32_t row = 0;
  for (; row + 4 <= call->rows; row += 4) esp_depthwise_any_rows(call, row, 4);
  for (; row < call->rows; row++) esp_depthwise_any_rows(call, row, 1);
}

static inline __attribute__((always_inline)) void esp_depthwise_flat_run(
    const esp_depthwise_call *call, int32_t first, const int N) {
  esp_vec acc[4];
  ESP_UNROLL for (int j = 0; j < N; j++) acc[j] = esp_vec_set(call->start);
  const float *band = call->band + first, *w = call->weights;
  const int32_t taps = call->kernel_h * call->kernel_w, *tap = call->taps;
  for (int32_t t = 0; t < taps; t++) {
    const float *p = band + tap[t];
    const esp_vec a = esp_vec_set(w[t]);
    ESP_UNROLL for (int j = 0; j < N; j++) {
      acc[j] = esp_vec_fma(a, esp_vec_load(p + j * ESP_VEC_WIDTH), acc[j]);
    }
  }
  ESP_UNROLL for (int j = 0; j < N; j++) {
    esp_vec_store(call->sums + first + j * ESP_VEC_WIDTH, acc[j]);
  }
}

static void ESP_VEC_NAME(esp_depthwise_flat)(const esp_depthwise_call *pointer) {
  const esp_depthwise_call call = *pointer;
  const ptrdiff_t pitch = call.layout->pitch;
  const int32_t count = (call.rows - 1) * (int32_t)pitch + call.columns;
  int32_t first = 0;
  for (; first + 3 * ESP_VEC_WIDTH < count; first += 4 * ESP_VEC_WIDTH) {
    esp_depthwise_flat_run(&call, first, 4);
  }
  for (; first + ESP_VEC_WIDTH < count; first += 2 * ESP_VEC_WIDTH) {
    esp_depthwise_flat_run(&call, first, 2);
  }
  if (first < count) esp_depthwise_flat_run(&call, first, 1);
  for (int32_t row = 0; row < call.rows; row++) {
    esp_depthwise_store(&call, esp_vec_load(call.sums + row * pitch),
                        (ptrdiff_t)row * call.columns, call.columns);
  }
}

// Square kernels K without dilation, stride S: R output rows at a time. Each input row is loaded once
// for a column of weights and added to every output row that it belongs to.
static inline __attribute__((always_inline)) void esp_depthwise_square(
    const esp_depthwise_call *call, const esp_depthwise_layout *l, int32_t row, int32_t first,
    int count, const int K, const int S, const int R) {
  esp_vec acc[7], w[K];
  ESP_UNROLL for (int r = 0; r < R; r++) acc[r] = esp_vec_set(call->start);
  const float *p = call->band + row * l->pitch + first;
  ESP_UNROLL for (int kx = 0; kx < K; kx++) {
    ESP_UNROLL for (int ky = 0; ky < K; ky++) w[ky] = esp_vec_set(call->weights[ky * K + kx]);
    const float *line[S];
    ESP_UNROLL for (int phase = 0; phase < S; phase++) {
      line[phase] = p + kx % S * l->column_phase + kx / S + phase * l->row_phase;
    }
    ESP_UNROLL for (int i = 0; i < (R - 1) * S + K; i++) {
      const esp_vec b = esp_vec_load(line[i % S]);
      line[i % S] += l->pitch;
      ESP_UNROLL for (int r = 0; r < R; r++) {
        const int ky = i - r * S;
        if (ky >= 0 && ky < K) {
          acc[r] = esp_vec_fma(w[ky], b, acc[r]);
          ESP_KEEP_ORDER(acc[r])
        }
      }
    }
  }
  ESP_UNROLL for (int r = 0; r < R; r++) {
    esp_depthwise_store(call, acc[r], (ptrdiff_t)(row + r) * call->columns + first, count);
  }
}

#define ESP_DEPTHWISE_ROWS(K, S, R)                                                            \
  for (; row + R <= call.rows; row += R) {                                                     \
    int32_t first = 0;                                                                         \
    for (; first + ESP_VEC_WIDTH <= call.columns; first += ESP_VEC_WIDTH) {                    \
      esp_depthwise_square(&call, &l, row, first, ESP_VEC_WIDTH, K, S, R);                     \
    }                                                                                          \
    if (first == call.columns) continue;                                                       \
    esp_depthwise_square(&call, &l, row, first, call.columns - first, K, S, R);                \
  }

// 7 rows: the extents of many networks are multiples of it.
#define ESP_DEPTHWISE_SQUARE(name, K, S)                                                       \
  static void ESP_VEC_NAME(esp_depthwise_##name)(const esp_depthwise_call *pointer) {          \
    const esp_depthwise_call call = *pointer;                                                  \
    const esp_depthwise_layout l = *call.layout;                                               \
    int32_t row = 0;                                                                           \
    ESP_DEPTHWISE_ROWS(K, S, 7)                                                                \
    ESP_DEPTHWISE_ROWS(K, S, 4)                                                                \
    ESP_DEPTHWISE_ROWS(K, S, 2)                                                                \
    ESP_DEPTHWISE_ROWS(K, S, 1)                                                                \
  }

ESP_DEPTHWISE_SQUARE(three, 3, 1)
ESP_DEPTHWISE_SQUARE(three_by_two, 3, 2)
ESP_DEPTHWISE_SQUARE(five, 5, 1)
ESP_DEPTHWISE_SQUARE(five_by_two, 5, 2)

#define ESP_DEPTHWISE_TABLE                                                                    \
  {                                                                                            \
    .width = ESP_VEC_WIDTH, .fill = ESP_VEC_NAME(esp_depthwise_fill),                          \
    .any = ESP_VEC_NAME(esp_depthwise_any), .flat = ESP_VEC_NAME(esp_depthwise_flat),          \
    .three = ESP_VEC_NAME(esp_depthwise_three),                                                \
    .three_by_two = ESP_VEC_NAME(esp_depthwise_three_by_two),                                  \
    .five = ESP_VEC_NAME(esp_depthwise_five),                                                  \
    .five_by_two = ESP_VEC_NAME(esp_depthwise_five_by_two),                                    \
  }
