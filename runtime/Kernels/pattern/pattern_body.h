// Micro-kernels of esp_pattern.h for the vector type that the including file chose. x is a packed
// tile, so whole vectors may be read. That file may say how a column's weights are loaded:
// ESP_PATTERN_WEIGHTS(n) prepares n of them at w, ESP_PATTERN_WEIGHT(i, n) is one, in all lanes.

#ifndef ESP_PATTERN_WEIGHT
#define ESP_PATTERN_WEIGHTS(n)
#define ESP_PATTERN_WEIGHT(i, n) esp_vec_set(w[i])
#endif

#define ESP_UNROLL _Pragma("clang loop unroll(full)")

// Columns that hold values for the rows in `set`; a function of constants once inlined. Not
// unrolled: counts are small and vary, and each further branch on them is one more to guess wrong.
#define ESP_PATTERN_GROUP(set)                                                                \
  _Pragma("clang loop unroll(disable)")                                                       \
  for (const int32_t *end = offsets + call->stream[(set) - 1]; offsets != end; offsets++) {   \
    const float *p = call->x + *offsets;                                                      \
    esp_vec b[ESP_PATTERN_MAX_VECTORS];                                                       \
    ESP_UNROLL for (int j = 0; j < N; j++) b[j] = esp_vec_load(p + j * ESP_VEC_WIDTH);        \
    enum { taken = __builtin_popcount(set) };                                                 \
    ESP_PATTERN_WEIGHTS(taken)                                                                \
    ESP_UNROLL for (int i = 0; i < 4; i++) {                                                  \
      if (((set) >> i) & 1) {                                                                 \
        esp_vec a = ESP_PATTERN_WEIGHT(__builtin_popcount((set) & ((1 << i) - 1)), taken);    \
        ESP_UNROLL for (int j = 0; j < N; j++) acc[i][j] = esp_vec_fma(a, b[j], acc[i][j]);   \
      }                                                                                       \
    }                                                                                         \
    w += taken;                                                                               \
  }

static inline __attribute__((always_inline)) void esp_pattern_panel(
    const esp_pattern_call *call, const int N) {
  esp_vec acc[4][ESP_PATTERN_MAX_VECTORS];
  if (call->first) {
    ESP_UNROLL for (int i = 0; i < 4; i++) {
      esp_vec start = esp_vec_set(call->start[i]);
      ESP_UNROLL for (int j = 0; j < N; j++) acc[i][j] = start;
    }
  } else {
    ESP_UNROLL for (int i = 0; i < 4; i++) {
      const float *from = call->partial + i * call->partial_stride;
      ESP_UNROLL for (int j = 0; j < N; j++) acc[i][j] = esp_vec_load(from + j * ESP_VEC_WIDTH);
    }
  }
  const float *w = call->weights;
  const int32_t *offsets = call->stream + 15;
  ESP_PATTERN_GROUP(1)
  ESP_PATTERN_GROUP(2)
  ESP_PATTERN_GROUP(3)
  ESP_PATTERN_GROUP(4)
  ESP_PATTERN_GROUP(5)
  ESP_PATTERN_GROUP(6)
  ESP_PATTERN_GROUP(7)
  ESP_PATTERN_GROUP(8)
  ESP_PATTERN_GROUP(9)
  ESP_PATTERN_GROUP(10)
  ESP_PATTERN_GROUP(11)
  ESP_PATTERN_GROUP(12)
  ESP_PATTERN_GROUP(13)
  ESP_PATTERN_GROUP(14)
  ESP_PATTERN_GROUP(15)
  if (!call->last) {
    ESP_UNROLL for (int i = 0; i < 4; i++) {
      float *to = call->partial + i * call->partial_stride;
      ESP_UNROLL for (int j = 0; j < N; j++) esp_vec_store(to + j * ESP_VEC_WIDTH, acc[i][j]);
    }
    return;
  }
  const int last = call->columns - (N - 1) * ESP_VEC_WIDTH;
  esp_vec low = esp_vec_set(call->low), high = esp_vec_set(call->high);
  ESP_UNROLL for (int i = 0; i < 4; i++) {
    if (i >= call->rows) break;
    ESP_UNROLL for (int j = 0; j < N; j++) {
      const ptrdiff_t at = i * call->y_stride + j * ESP_VEC_WIDTH;
      const int count = j == N - 1 ? last : ESP_VEC_WIDTH;
      esp_vec value = acc[i][j];
      if (call->residual) {
        value = esp_vec_add(value, esp_vec_load_first(call->residual + at, count));
      }
      esp_vec_store_first(call->y + at, esp_vec_clip(value, low, high), count);
    }
  }
}

#define ESP_PATTERN_KERNEL(N)                                                  \
  static void ESP_VEC_NAME(esp_pattern_##N)(const esp_pattern_call *call) {    \
    esp_pattern_panel(call, N);                                                \
  }
