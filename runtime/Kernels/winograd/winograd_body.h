// The transforms of esp_winograd.h for the vector type that the including file chose. That file
// also gives the shuffles of two vectors as one sequence: esp_winograd_even and _odd take every
// other element, _low and _high are the halves of both interleaved, _behind is all but the first
// element and one more; and esp_winograd_load(p, first, last), lanes first ..< last of p, else
// zeros.
#include <string.h>

#define ESP_UNROLL _Pragma("clang loop unroll(full)")
#define ESP_INLINE static inline __attribute__((always_inline))

/// Eight rows' numbers, whatever the registers are.
typedef double esp_winograd_eight __attribute__((vector_size(8 * sizeof(double))));
typedef float esp_winograd_narrow __attribute__((vector_size(8 * sizeof(float))));

/// t[k * t_stride] = row k of G times the three numbers w[0], w[w_stride], w[2 w_stride]; k < N.
ESP_INLINE void esp_winograd_expand(const esp_winograd_eight *w, const int w_stride,
                                    esp_winograd_eight *t, const int t_stride, const int M) {
// One fused rounding more or less would make other weights on another processor.
#pragma clang fp contract(off)
// (1 p p^2) over the product of p's differences from the other points.
#define ESP_G(p, product) {1 / (product), (p) / (product), (p) * (p) / (product)}
  static const double two[4][3] = {
      ESP_G(0.0, -1.0), ESP_G(1.0, 2.0), ESP_G(-1.0, 2.0), {0, 0, 1}};
  static const double four[6][3] = {
      ESP_G(0.0, 1.265625), ESP_G(0.75, -1.8984375), ESP_G(-0.75, -1.8984375),
      ESP_G(1.5, 7.59375), ESP_G(-1.5, 7.59375), {0, 0, 1}};
#undef ESP_G
  ESP_UNROLL for (int k = 0; k < M + 2; k++) {
    esp_winograd_eight sum = {0};
    ESP_UNROLL for (int y = 0; y < 3; y++) {
      const double factor = M == 2 ? two[k][y] : four[k][y];
      if (factor != 0) sum += factor * w[y * w_stride];
    }
    t[k * t_stride] = sum;
  }
}

ESP_INLINE void esp_winograd_weight_any(const esp_winograd_weight *call, const int M) {
  const int N = M + 2;
  const ptrdiff_t stride = call->row_stride;
  for (int32_t channel = 0; channel < call->channels; channel++) {
    const float *taps = call->taps + 9 * (ptrdiff_t)channel;
    esp_winograd_eight w[9], half[18];
    ESP_UNROLL for (int tap = 0; tap < 9; tap++) {
      esp_winograd_narrow lanes = {0};
      if (call->rows == ESP_WINOGRAD_HEIGHT) {
        ESP_UNROLL for (int row = 0; row < ESP_WINOGRAD_HEIGHT; row++) {
          lanes[row] = taps[row * stride + tap];
        }
      } else {
        for (int32_t row = 0; row < call->rows; row++) lanes[row] = taps[row * stride + tap];
      }
      w[tap] = __builtin_convertvector(lanes, esp_winograd_eight);
    }
    ESP_UNROLL for (int x = 0; x < 3; x++) esp_winograd_expand(w + x, 3, half + x, 3, M);
    ESP_UNROLL for (int i = 0; i < N; i++) {
      esp_winograd_eight line[6];
      esp_winograd_expand(half + 3 * i, 1, line, 1, M);
      float *u = call->u + i * N * call->u_stride + ESP_WINOGRAD_HEIGHT * (ptrdiff_t)channel;
      ESP_UNROLL for (int j = 0; j < N; j++) {
        const esp_winograd_narrow rounded = __builtin_convertvector(line[j], esp_winograd_narrow);
        memcpy(u + j * call->u_stride, &rounded, sizeof rounded);
      }
    }
  }
}

/// B^T d, in place.
ESP_INLINE void esp_winograd_forward(esp_vec *d, const int M) {
  if (M == 2) {
    const esp_vec d1 = d[1];
    d[0] = esp_vec_sub(d[2], d[0]);
    d[1] = esp_vec_add(d1, d[2]);
    d[2] = esp_vec_sub(d[2], d1);
    d[3] = esp_vec_sub(d[3], d1);
    return;
  }
  // Points +-a, +-b with a = 3/4, b = 3/2.
  const esp_vec a = esp_vec_set(0.75f), b = esp_vec_set(1.5f);
  const esp_vec minus_a2 = esp_vec_set(-0.5625f), minus_b2 = esp_vec_set(-2.25f);
  const esp_vec product = esp_vec_set(1.265625f), minus_sum = esp_vec_set(-2.8125f);
  const esp_vec even_a = esp_vec_fma(minus_b2, d[2], d[4]);
  const esp_vec odd_a = esp_vec_mul(a, esp_vec_fma(minus_b2, d[1], d[3]));
  const esp_vec even_b = esp_vec_fma(minus_a2, d[2], d[4]);
  const esp_vec odd_b = esp_vec_mul(b, esp_vec_fma(minus_a2, d[1], d[3]));
  d[0] = esp_vec_fma(product, d[0], esp_vec_fma(minus_sum, d[2], d[4]));
  d[5] = esp_vec_fma(product, d[1], esp_vec_fma(minus_sum, d[3], d[5]));
  d[1] = esp_vec_add(even_a, odd_a);
  d[2] = esp_vec_sub(even_a, odd_a);
  d[3] = esp_vec_add(even_b, odd_b);
  d[4] = esp_vec_sub(even_b, odd_b);
}

/// A^T m, in place: M of N values remain.
ESP_INLINE void esp_winograd_back(esp_vec *m, const int M) {
  const esp_vec sum_a = esp_vec_add(m[1], m[2]), difference_a = esp_vec_sub(m[1], m[2]);
  if (M == 2) {
    m[0] = esp_vec_add(m[0], sum_a);
    m[1] = esp_vec_add(difference_a, m[3]);
    return;
  }
  const esp_vec sum_b = esp_vec_add(m[3], m[4]), difference_b = esp_vec_sub(m[3], m[4]);
  m[0] = esp_vec_add(m[0], esp_vec_add(sum_a, sum_b));
  m[1] = esp_vec_fma(esp_vec_set(0.75f), difference_a,
                     esp_vec_mul(esp_vec_set(1.5f), difference_b));
  m[2] = esp_vec_fma(esp_vec_set(0.5625f), sum_a, esp_vec_mul(esp_vec_set(2.25f), sum_b));
  m[3] = esp_vec_fma(esp_vec_set(0.421875f), difference_a,
                     esp_vec_fma(esp_vec_set(3.375f), difference_b, m[5]));
}

/// d[k] lane t = p[M t + k].
ESP_INLINE void esp_winograd_split(const float *p, esp_vec *d, const int M) {
  esp_vec v[4];
  ESP_UNROLL for (int k = 0; k < M; k++) v[k] = esp_vec_load(p + k * ESP_VEC_WIDTH);
  if (M == 2) {
    d[0] = esp_winograd_even(v[0], v[1]);
    d[1] = esp_winograd_odd(v[0], v[1]);
    return;
  }
  const esp_vec even0 = esp_winograd_even(v[0], v[1]), even1 = esp_winograd_even(v[2], v[3]);
  const esp_vec odd0 = esp_winograd_odd(v[0], v[1]), odd1 = esp_winograd_odd(v[2], v[3]);
  d[0] = esp_winograd_even(even0, even1);
  d[1] = esp_winograd_even(odd0, odd1);
  d[2] = esp_winograd_odd(even0, even1);
  d[3] = esp_winograd_odd(odd0, odd1);
}

/// p[M t + k] = d[k] lane t.
ESP_INLINE void esp_winograd_join(float *p, const esp_vec *d, const int M) {
  if (M == 2) {
    esp_vec_store(p, esp_winograd_low(d[0], d[1]));
    esp_vec_store(p + ESP_VEC_WIDTH, esp_winograd_high(d[0], d[1]));
    return;
  }
  const esp_vec even0 = esp_winograd_low(d[0], d[2]), even1 = esp_winograd_high(d[0], d[2]);
  const esp_vec odd0 = esp_winograd_low(d[1], d[3]), odd1 = esp_winograd_high(d[1], d[3]);
  esp_vec_store(p, esp_winograd_low(even0, odd0));
  esp_vec_store(p + ESP_VEC_WIDTH, esp_winograd_high(even0, odd0));
  esp_vec_store(p + 2 * ESP_VEC_WIDTH, esp_winograd_low(even1, odd1));
  esp_vec_store(p + 3 * ESP_VEC_WIDTH, esp_winograd_high(even1, odd1));
}

ESP_INLINE int32_t esp_winograd_lane(int64_t lane) {
  return lane < 0 ? 0 : lane > ESP_VEC_WIDTH ? ESP_VEC_WIDTH : (int32_t)lane;
}

ESP_INLINE void esp_winograd_input_any(const esp_winograd_input *call, const int M) {
  const int N = M + 2;
  const ptrdiff_t pitch = call->pitch;
  const int32_t length = call->tiles * M + 2;
  for (int32_t at = 0; at < length; at += ESP_VEC_WIDTH) {
    const int64_t column = call->left + at;
    const int32_t first = esp_winograd_lane(-column);
    const int32_t last = esp_winograd_lane(call->in_w - column);
    esp_vec d[6];
    ESP_UNROLL for (int i = 0; i < N; i++) {
      const int64_t row = call->top + i;
      d[i] = row >= 0 && row < call->in_h && first < last
                 ? esp_winograd_load(call->plane + (row * call->in_w + column), first, last)
                 : esp_vec_set(0);
    }
    esp_winograd_forward(d, M);
    ESP_UNROLL for (int i = 0; i < N; i++) esp_vec_store(call->lines + i * pitch + at, d[i]);
  }
  ESP_UNROLL for (int i = 0; i < N; i++) {
    const float *line = call->lines + i * pitch;
    float *v = call->v + i * N * call->v_stride;
    esp_vec d[6], next[4];
    esp_winograd_split(line, next, M);
    for (int32_t t = 0; t < call->tiles; t += ESP_VEC_WIDTH) {
      const int32_t left = call->tiles - t;
      ESP_UNROLL for (int k = 0; k < M; k++) d[k] = next[k];
      // A tile's last two pixels are the first two of the tile behind it.
      if (left >= ESP_VEC_WIDTH) esp_winograd_split(line + (t + ESP_VEC_WIDTH) * M, next, M);
      d[M] = esp_winograd_behind(d[0], next[0]);
      d[M + 1] = esp_winograd_behind(d[1], next[1]);
      esp_winograd_forward(d, M);
      if (!call->exact || left >= ESP_VEC_WIDTH) {
        ESP_UNROLL for (int j = 0; j < N; j++) esp_vec_store(v + j * call->v_stride + t, d[j]);
      } else {
        ESP_UNROLL for (int j = 0; j < N; j++) {
          esp_vec_store_first(v + j * call->v_stride + t, d[j], left);
        }
      }
    }
  }
}

ESP_INLINE void esp_winograd_rows_any(const esp_winograd_rows *call, const int M) {
  const int N = M + 2;
  for (int32_t t = 0; t < call->tiles; t += ESP_VEC_WIDTH) {
    ESP_UNROLL for (int i = 0; i < N; i++) {
      esp_vec m[6];
      ESP_UNROLL for (int j = 0; j < N; j++) {
        m[j] = esp_vec_load(call->m + (i * N + j) * call->m_stride + t);
      }
      esp_winograd_back(m, M);
      esp_winograd_join(call->z + i * call->pitch + t * M, m, M);
    }
  }
}

ESP_INLINE void esp_winograd_output_any(const esp_winograd_output *call, const int M) {
  const esp_vec low = esp_vec_set(call->low), high = esp_vec_set(call->high);
  for (int32_t at = 0; at < call->columns; at += ESP_VEC_WIDTH) {
    const int32_t left = call->columns - at;
    const int count = left < ESP_VEC_WIDTH ? left : ESP_VEC_WIDTH;
    esp_vec z[6];
    ESP_UNROLL for (int i = 0; i < M + 2; i++) z[i] = esp_vec_load(call->z + i * call->pitch + at);
    esp_winograd_back(z, M);
    ESP_UNROLL for (int k = 0; k < M; k++) {
      if (k == call->rows) break;
      esp_vec value = esp_vec_add(z[k], esp_vec_set(call->start));
      if (call->residual) {
        const float *residual = call->residual + k * call->y_stride + at;
        value = esp_vec_add(value, esp_vec_load_first(residual, count));
      }
      value = esp_vec_clip(value, low, high);
      esp_vec_store_first(call->y + k * call->y_stride + at, value, count);
    }
  }
}

#define ESP_WINOGRAD_KERNELS(M)                                                          \
  static void ESP_VEC_NAME(esp_winograd_weight_##M)(const esp_winograd_weight *call) {   \
    esp_winograd_weight_any(call, M);                                                    \
  }                                                                                      \
  static void ESP_VEC_NAME(esp_winograd_input_##M)(const esp_winograd_input *call) {     \
    esp_winograd_input_any(call, M);                                                     \
  }                                                                                      \
  static void ESP_VEC_NAME(esp_winograd_rows_##M)(const esp_winograd_rows *call) {       \
    esp_winograd_rows_any(call, M);                                                      \
  }                                                                                      \
  static void ESP_VEC_NAME(esp_winograd_output_##M)(const esp_winograd_output *call) {   \
    esp_winograd_output_any(call, M);                                                    \
  }

ESP_WINOGRAD_KERNELS(2)
ESP_WINOGRAD_KERNELS(4)

#define ESP_WINOGRAD_ROW(M)                                                                \
  {                                                                                        \
    ESP_VEC_NAME(esp_winograd_weight_##M), ESP_VEC_NAME(esp_winograd_input_##M),           \
    ESP_VEC_NAME(esp_winograd_rows_##M), ESP_VEC_NAME(esp_winograd_output_##M),            \
  }
#define ESP_WINOGRAD_TABLE {ESP_WINOGRAD_ROW(2), ESP_WINOGRAD_ROW(4)}
