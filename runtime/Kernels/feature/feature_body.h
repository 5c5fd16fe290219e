// Micro-kernels of esp_feature.h for the vector type that the including file chose. That file
// defines ESP_FEATURE_ROW, the tokens in a row of x; ESP_FEATURE_VECTOR(w, j), vector j of the
// panels that w[] points into; and may define ESP_FEATURE_LOAD(x, T) and ESP_FEATURE_TOKEN(x, t) to
// read the tokens of a row together.

#include <math.h>

#ifndef ESP_FEATURE_TOKEN
#define ESP_FEATURE_LOAD(x, T)
#define ESP_FEATURE_TOKEN(x, t) esp_vec_set((x)[t])
#endif
#ifndef ESP_FEATURE_ORDER
#define ESP_FEATURE_ORDER(sum)
#endif

// Everything is unrolled at compile time: `acc` must become registers.
#define ESP_UNROLL _Pragma("clang loop unroll(full)")

/// What sums of token t and vector j begin with; n of its lanes exist.
static inline __attribute__((always_inline)) esp_vec esp_feature_start(
    const esp_feature_call *call, int t, int j, int n) {
  const ptrdiff_t at = t * call->y_stride + j * ESP_VEC_WIDTH;
  if (!call->first) return esp_vec_load_first(call->y + at, n);
  esp_vec start = esp_vec_set(0.0f);
  if (call->bias) start = esp_vec_load_first(call->bias + j * ESP_VEC_WIDTH, n);
  if (call->residual) start = esp_vec_add(start, esp_vec_load_first(call->residual + at, n));
  return start;
}

static inline __attribute__((always_inline)) void esp_feature_rows(const esp_feature_call *call,
                                                                   const int T, const int V,
                                                                   const int P) {
  enum { W = ESP_VEC_WIDTH };
  esp_vec acc[ESP_FEATURE_TOKENS][8];
  int lanes[8];
  ESP_UNROLL for (int j = 0; j < V; j++) {
    const int left = call->features - j * W;
    lanes[j] = left < 0 ? 0 : left < W ? left : W;
  }
  ESP_UNROLL for (int t = 0; t < T; t++) {
    ESP_UNROLL for (int j = 0; j < V; j++) acc[t][j] = esp_feature_start(call, t, j, lanes[j]);
  }
  const float *w[ESP_FEATURE_PANELS], *x = call->x;
  ESP_UNROLL for (int p = 0; p < P; p++) w[p] = call->panels[p];
  const ptrdiff_t pitch = call->pitch;
  uintptr_t ahead = call->ahead;
  const uintptr_t ahead_stride = call->ahead_stride;
#define ESP_FEATURE_ROUND                                                               \
  {                                                                                     \
    esp_vec v[8];                                                                       \
    ESP_UNROLL for (int j = 0; j < V; j++) v[j] = ESP_FEATURE_VECTOR(w, j);             \
    ESP_FEATURE_LOAD(x, T)                                                              \
    ESP_UNROLL for (int t = 0; t < T; t++) {                                            \
      const esp_vec token = ESP_FEATURE_TOKEN(x, t);                                    \
      ESP_UNROLL for (int j = 0; j < V; j++) acc[t][j] = esp_vec_fma(token, v[j], acc[t][j]); \
      ESP_UNROLL for (int j = 0; j < V; j++) { ESP_FEATURE_ORDER(acc[t][j]) }           \
    }                                                                                   \
    ESP_UNROLL for (int p = 0; p < P; p++) w[p] += pitch;                                \
    x += ESP_FEATURE_ROW;                                                              \
  }
  int32_t k = call->count;
  for (; k >= 4; k -= 4) {
    __builtin_prefetch((const void *)ahead, 0, 2);
    __builtin_prefetch((const void *)(ahead + 64), 0, 2);
    ahead += ahead_stride;
    ESP_UNROLL for (int i = 0; i < 4; i++) ESP_FEATURE_ROUND
  }
  for (; k > 0; k--) ESP_FEATURE_ROUND
#undef ESP_FEATURE_ROUND
  const esp_vec low = esp_vec_set(call->low), high = esp_vec_set(call->high);
  ESP_UNROLL for (int t = 0; t < T; t++) {
    ESP_UNROLL for (int j = 0; j < V; j++) {
      float *y = call->y + t * call->y_stride + j * W;
      const esp_vec value = esp_vec_clip(acc[t][j], low, high);
      if (lanes[j] == W) {
        esp_vec_store(y, value);
      } else {
        esp_vec_store_first(y, value, lanes[j]);
      }
    }
  }
}

/// R rows together, so that one's sum across lanes and exponentials overlap with the others'.
/// `edge` adds minus infinity to lanes behind the last column, which then take no part.
static inline __attribute__((always_inline)) void esp_soften_rows(const esp_soften_call *call,
                                                                  int32_t first, esp_vec edge,
                                                                  const int R) {
  enum { W = ESP_VEC_WIDTH };
  const int32_t columns = call->columns;
  float *row[4];
  const float *addend[2][4];
  esp_vec most[4], sum[4], share[4];
  ESP_UNROLL for (int i = 0; i < R; i++) {
    row[i] = call->scores + (first + i) * call->pitch;
    for (int a = 0; a < 2; a++) {
      addend[a][i] =
          call->addends[a] ? call->addends[a] + (first + i) * call->addend_strides[a] : 0;
    }
    most[i] = esp_vec_set(-INFINITY);
    sum[i] = esp_vec_set(0.0f);
  }
  for (int32_t j = 0; j < columns; j += W) {
    const int n = columns - j < W ? columns - j : W;
    ESP_UNROLL for (int i = 0; i < R; i++) {
      esp_vec value = esp_vec_load_first(row[i] + j, n);
      for (int a = 0; a < 2; a++) {
        if (addend[a][i]) value = esp_vec_add(value, esp_vec_load_first(addend[a][i] + j, n));
      }
      if (n < W) value = esp_vec_add(value, edge);
      esp_vec_store(row[i] + j, value);
      most[i] = esp_vec_max(most[i], value);
    }
  }
  ESP_UNROLL for (int i = 0; i < R; i++) most[i] = esp_vec_set(esp_vec_maximum(most[i]));
  for (int32_t j = 0; j < columns; j += W) {
    ESP_UNROLL for (int i = 0; i < R; i++) {
      const esp_vec value = esp_vec_exp(esp_vec_sub(esp_vec_load(row[i] + j), most[i]));
      esp_vec_store(row[i] + j, value);
      sum[i] = esp_vec_add(sum[i], value);
    }
  }
  ESP_UNROLL for (int i = 0; i < R; i++) share[i] = esp_vec_set(1.0f / esp_vec_sum(sum[i]));
  for (int32_t j = 0; j < columns; j += W) {
    ESP_UNROLL for (int i = 0; i < R; i++) {
      esp_vec_store(row[i] + j, esp_vec_mul(esp_vec_load(row[i] + j), share[i]));
    }
  }
}

/// The same for rows of N vectors, which stay in registers.
static inline __attribute__((always_inline)) void esp_soften_short(const esp_soften_call *call,
                                                                   int32_t first, esp_vec edge,
                                                                   const int R, const int N) {
  enum { W = ESP_VEC_WIDTH };
  const int last = call->columns - (N - 1) * W;
  float *row = call->scores + first * call->pitch;
  esp_vec v[4][4], most[4], sum[4];
  ESP_UNROLL for (int i = 0; i < R; i++) {
    ESP_UNROLL for (int j = 0; j < N; j++) {
      const float *p = row + i * call->pitch + j * W;
      v[i][j] = j < N - 1 ? esp_vec_load(p) : esp_vec_load_first(p, last);
    }
    v[i][N - 1] = esp_vec_add(v[i][N - 1], edge);
  }
  for (int a = 0; a < 2; a++) {
    if (!call->addends[a]) continue;
    const float *addend = call->addends[a] + first * call->addend_strides[a];
    ESP_UNROLL for (int i = 0; i < R; i++) {
      ESP_UNROLL for (int j = 0; j < N; j++) {
        const float *p = addend + i * call->addend_strides[a] + j * W;
        v[i][j] = esp_vec_add(v[i][j], j < N - 1 ? esp_vec_load(p) : esp_vec_load_first(p, last));
      }
    }
  }
  ESP_UNROLL for (int i = 0; i < R; i++) {
    most[i] = v[i][0];
    ESP_UNROLL for (int j = 1; j < N; j++) most[i] = esp_vec_max(most[i], v[i][j]);
  }
  ESP_UNROLL for (int i = 0; i < R; i++) most[i] = esp_vec_set(esp_vec_maximum(most[i]));
  ESP_UNROLL for (int i = 0; i < R; i++) {
    sum[i] = esp_vec_set(0.0f);
    ESP_UNROLL for (int j = 0; j < N; j++) {
      v[i][j] = esp_vec_exp(esp_vec_sub(v[i][j], most[i]));
      sum[i] = esp_vec_add(sum[i], v[i][j]);
    }
  }
  ESP_UNROLL for (int i = 0; i < R; i++) sum[i] = esp_vec_set(1.0f / esp_vec_sum(sum[i]));
  ESP_UNROLL for (int i = 0; i < R; i++) {
    ESP_UNROLL for (int j = 0; j < N; j++) {
      esp_vec_store(row + i * call->pitch + j * W, esp_vec_mul(v[i][j], sum[i]));
    }
  }
}

/// Rows of N vectors, or of any number if N is 0.
static inline __attribute__((always_inline)) void esp_soften_all(const esp_soften_call *call,
                                                                 const int N) {
  enum { W = ESP_VEC_WIDTH };
  const int32_t last = (call->columns - 1) % W;
  float lanes[W];
  for (int i = 0; i < W; i++) lanes[i] = i <= last ? 0.0f : -INFINITY;
  const esp_vec edge = esp_vec_load(lanes);
  int32_t i = 0;
  for (; i + 4 <= call->rows; i += 4) {
    if (N) esp_soften_short(call, i, edge, 4, N); else esp_soften_rows(call, i, edge, 4);
  }
  for (; i < call->rows; i++) {
    if (N) esp_soften_short(call, i, edge, 1, N); else esp_soften_rows(call, i, edge, 1);
  }
}

static void ESP_VEC_NAME(esp_soften)(const esp_soften_call *call) {
  switch ((call->columns - 1) / ESP_VEC_WIDTH) {
    case 0: esp_soften_all(call, 1); break;
    case 1: esp_soften_all(call, 2); break;
    case 2: esp_soften_all(call, 3); break;
    case 3: esp_soften_all(call, 4); break;
    default: esp_soften_all(call, 0);
  }
}

/// T tokens by V vectors of P panels.
#define ESP_FEATURE_KERNEL(T, V, P)                                                   \
  static void ESP_VEC_NAME(esp_feature_##T##x##P)(const esp_feature_call *call) {     \
    esp_feature_rows(call, T, V, P);                                                  \
  }
#define ESP_FEATURE_NAME(T, P) ESP_VEC_NAME(esp_feature_##T##x##P)
