// Micro-kernels of esp_pattern.h for the vector type that the including file chose. x is a packed
// tile, so whole vectors may be read.

#define ESP_UNROLL _Pragma("clang loop unroll(full)")

static inline __attribute__((always_inline)) void esp_pattern_pair(
    const esp_pattern_call *call, const int N) {
  esp_vec acc[2][ESP_PATTERN_MAX_VECTORS];
  if (call->first) {
    ESP_UNROLL for (int i = 0; i < 2; i++) {
      esp_vec start = esp_vec_set(call->start[i]);
      ESP_UNROLL for (int j = 0; j < N; j++) acc[i][j] = start;
    }
  } else {
    ESP_UNROLL for (int i = 0; i < 2; i++) {
      const float *from = call->partial + i * call->partial_step;
      ESP_UNROLL for (int j = 0; j < N; j++) acc[i][j] = esp_vec_load(from + j * ESP_VEC_WIDTH);
    }
  }
  const float *x = call->x, *w = call->weights;
  const uint32_t *entry = call->entries, *end = entry + call->counts[0];
  for (; entry != end; entry++) {
    const float *p = x + (*entry & 0xFFFF);
    const esp_vec a = esp_vec_set(w[*entry >> 16]);
    ESP_UNROLL for (int j = 0; j < N; j++) {
      acc[0][j] = esp_vec_fma(a, esp_vec_load(p + j * ESP_VEC_WIDTH), acc[0][j]);
    }
  }
  for (end += call->counts[1]; entry != end; entry++) {
    const float *p = x + (*entry & 0xFFFF);
    const esp_vec a = esp_vec_set(w[*entry >> 16]);
    ESP_UNROLL for (int j = 0; j < N; j++) {
      acc[1][j] = esp_vec_fma(a, esp_vec_load(p + j * ESP_VEC_WIDTH), acc[1][j]);
    }
  }
  for (end += call->counts[2]; entry != end; entry++) {
    const float *p = x + (*entry & 0xFFFF), *v = w + (*entry >> 16);
    const esp_vec a = esp_vec_set(v[0]), b = esp_vec_set(v[1]);
    ESP_UNROLL for (int j = 0; j < N; j++) {
      const esp_vec c = esp_vec_load(p + j * ESP_VEC_WIDTH);
      acc[0][j] = esp_vec_fma(a, c, acc[0][j]);
      acc[1][j] = esp_vec_fma(b, c, acc[1][j]);
    }
  }
  if (!call->last) {
    ESP_UNROLL for (int i = 0; i < 2; i++) {
      float *to = call->partial + i * call->partial_step;
      ESP_UNROLL for (int j = 0; j < N; j++) esp_vec_store(to + j * ESP_VEC_WIDTH, acc[i][j]);
    }
    return;
  }
  const int last = call->columns - (N - 1) * ESP_VEC_WIDTH;
  esp_vec low = esp_vec_set(call->low), high = esp_vec_set(call->high);
  ESP_UNROLL for (int i = 0; i < 2; i++) {
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
    esp_pattern_pair(call, N);                                                 \
  }
