// Micro-kernels of esp_panel.h for the vector type that the including file chose. That file says
// how the last vector of a tile is read where it must be exact: ESP_PANEL_TAIL(n) prepares for n
// lanes, ESP_PANEL_LOAD_LAST(p) loads it; ESP_PANEL_CHOOSE calls esp_panel_rows with or without
// that.

// Everything is unrolled at compile time: `acc` must become registers.
#ifndef ESP_PANEL_ORDER
#define ESP_PANEL_ORDER(sum)
#endif
#ifndef ESP_PANEL_WEIGHT
#define ESP_PANEL_WEIGHTS(V)
#define ESP_PANEL_WEIGHT(i) esp_vec_set(w[i])
#endif

/// Fetches weights and offsets that come later. Each byte of them is used once for a tile, from far
/// away, and processors that foresee streams stop at the end of a page. Panels of 1 and 2 rows do
/// too little for each weight to pay for it.
static inline __attribute__((always_inline)) void esp_panel_fetch(
    const float *weights, const int32_t *offsets, const int V) {
  enum { WEIGHTS_AHEAD = 1024, OFFSETS_AHEAD = 256 };  // 4 KiB: 128 columns of 8 rows, 1500 cycles
  if (V < 4) return;
  __builtin_prefetch(weights + WEIGHTS_AHEAD);
  __builtin_prefetch(offsets + OFFSETS_AHEAD);
}

#define ESP_UNROLL _Pragma("clang loop unroll(full)")

static inline __attribute__((always_inline)) void esp_panel_store(
    const esp_panel_call *call, esp_vec value, int row, int first, int count) {
  float *y = call->y + row * call->y_stride + first;
  if (call->residual) {
    const float *r = call->residual + row * call->y_stride + first;
    value = esp_vec_add(value, esp_vec_load_first(r, count));
  }
  value = esp_vec_clip(value, esp_vec_set(call->low), esp_vec_set(call->high));
  esp_vec_store_first(y, value, count);
}

static inline __attribute__((always_inline)) void esp_panel_rows(
    const esp_panel_call *call, const int V, const int N, const int exact) {
  esp_vec acc[8][ESP_PANEL_MAX_VECTORS];
  if (call->first) {
    ESP_UNROLL for (int i = 0; i < V; i++) {
      esp_vec start = esp_vec_set(call->start[i]);
      ESP_UNROLL for (int j = 0; j < N; j++) acc[i][j] = start;
    }
  } else {
    ESP_UNROLL for (int i = 0; i < V; i++) {
      const float *from = call->partial + i * call->partial_stride;
      ESP_UNROLL for (int j = 0; j < N; j++) acc[i][j] = esp_vec_load(from + j * ESP_VEC_WIDTH);
    }
  }
  const float *w = call->weights;
  const ptrdiff_t pitch = call->weight_stride;
  const float *x = call->x;
  const int32_t *offsets = call->offsets, *end = offsets + call->count;
  const int last = call->columns - (N - 1) * ESP_VEC_WIDTH;
  ESP_PANEL_TAIL(last)
  for (; offsets != end; offsets++) {
    const float *p = x + *offsets;
    esp_vec b[ESP_PANEL_MAX_VECTORS];
    ESP_UNROLL for (int j = 0; j < N - 1; j++) b[j] = esp_vec_load(p + j * ESP_VEC_WIDTH);
    const float *end_vector = p + (N - 1) * ESP_VEC_WIDTH;
    b[N - 1] = exact ? ESP_PANEL_LOAD_LAST(end_vector) : esp_vec_load(end_vector);
    ESP_PANEL_WEIGHTS(V)
    esp_panel_fetch(w, offsets, V);
    ESP_UNROLL for (int i = 0; i < V; i++) {
      esp_vec a = ESP_PANEL_WEIGHT(i);
      ESP_UNROLL for (int j = 0; j < N; j++) acc[i][j] = esp_vec_fma(a, b[j], acc[i][j]);
      ESP_UNROLL for (int j = 0; j < N; j++) { ESP_PANEL_ORDER(acc[i][j]) }
    }
    w += pitch;
  }
  if (!call->last) {
    ESP_UNROLL for (int i = 0; i < V; i++) {
      float *to = call->partial + i * call->partial_stride;
      ESP_UNROLL for (int j = 0; j < N; j++) esp_vec_store(to + j * ESP_VEC_WIDTH, acc[i][j]);
    }
    return;
  }
  ESP_UNROLL for (int i = 0; i < V; i++) {
    if (i >= call->rows) break;
    ESP_UNROLL for (int j = 0; j < N; j++) {
      esp_panel_store(
          call, acc[i][j], i, j * ESP_VEC_WIDTH, j == N - 1 ? last : ESP_VEC_WIDTH);
    }
  }
}

#define ESP_PANEL_KERNEL(V, N)                                                 \
  static void ESP_VEC_NAME(esp_panel_##V##x##N)(const esp_panel_call *call) {  \
    ESP_PANEL_CHOOSE(call, V, N)                                               \
  }
