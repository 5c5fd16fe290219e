// Micro-kernels of esp_pair.h for the vector type that the including file chose. x is a packed
// tile, so whole vectors may be read.

#define ESP_UNROLL _Pragma("clang loop unroll(full)")
#define ESP_KEEP_LOOP _Pragma("clang loop unroll(disable)")

// Loads weights w[0] ... w[3]; one of them in every lane.
#ifndef ESP_PAIR_WEIGHT
#define ESP_PAIR_WEIGHTS(w)
#define ESP_PAIR_WEIGHT(w, i) esp_vec_set((w)[i])
#endif

/// Bytes ahead of their use at which weights are fetched, and half as many for the stream: beyond
/// the page that the processor's own prefetching stops at.
enum { ESP_PAIR_AHEAD = 4096 };

/// Four offsets at once. They are read a round before they are used: addresses that come late make
/// loads come in bursts, which costs a third of their rate.
static inline uint64_t esp_pair_quad(const uint16_t *stream) {
  uint64_t quad;
  __builtin_memcpy(&quad, stream, sizeof quad);
  return quad;
}

static inline __attribute__((always_inline)) const float *esp_pair_at(const float *x,
                                                                      uint64_t quad, int i) {
  return x + (quad >> (16 * i) & 0xFFFF) * ESP_VEC_WIDTH;
}

/// One row's result, from its sums over this block.
static inline __attribute__((always_inline)) void esp_pair_finish(
    const esp_pair_call *call, esp_vec *acc, int32_t row, const int N) {
  float *partial = call->partial + row * call->partial_stride;
  if (call->first) {
    const esp_vec start = esp_vec_set(call->start[row]);
    ESP_UNROLL for (int j = 0; j < N; j++) acc[j] = esp_vec_add(acc[j], start);
  } else {
    ESP_UNROLL for (int j = 0; j < N; j++) {
      acc[j] = esp_vec_add(acc[j], esp_vec_load(partial + j * ESP_VEC_WIDTH));
    }
  }
  if (!call->last) {
    ESP_UNROLL for (int j = 0; j < N; j++) esp_vec_store(partial + j * ESP_VEC_WIDTH, acc[j]);
  } else if (row < call->rows) {
    const esp_vec low = esp_vec_set(call->low), high = esp_vec_set(call->high);
    const int tail = call->columns - (N - 1) * ESP_VEC_WIDTH;
    ESP_UNROLL for (int j = 0; j < N; j++) {
      const ptrdiff_t at = row * call->y_stride + j * ESP_VEC_WIDTH;
      const int lanes = j == N - 1 ? tail : ESP_VEC_WIDTH;
      if (call->residual) {
        acc[j] = esp_vec_add(acc[j], esp_vec_load_first(call->residual + at, lanes));
      }
      esp_vec_store_first(call->y + at, esp_vec_clip(acc[j], low, high), lanes);
    }
  }
}

/// Two columns that both rows have.
static inline __attribute__((always_inline)) void esp_pair_two(
    const float *w, const float *const p[2], esp_vec (*acc)[ESP_PAIR_MAX_VECTORS], const int N) {
  ESP_PAIR_WEIGHTS(w)
  ESP_UNROLL for (int k = 0; k < 2; k++) {
    const esp_vec a = ESP_PAIR_WEIGHT(w, 2 * k), b = ESP_PAIR_WEIGHT(w, 2 * k + 1);
    ESP_UNROLL for (int j = 0; j < N; j++) {
      const esp_vec v = esp_vec_load(p[k] + j * ESP_VEC_WIDTH);
      acc[0][j] = esp_vec_fma(a, v, acc[0][j]);
      acc[1][j] = esp_vec_fma(b, v, acc[1][j]);
    }
  }
}

static inline __attribute__((always_inline)) void esp_pair_band(const esp_pair_call *call,
                                                                const int N) {
  const float *w = call->weights, *x = call->x;
  const uint16_t *stream = call->stream;
  for (int32_t pair = 0; pair < call->pairs; pair++) {
    const int32_t rows[2] = {stream[0], stream[1]};
    const int32_t alone = stream[2], shared = stream[3];
    stream += 4;
    uint64_t quad = esp_pair_quad(stream);
    const uint16_t *alone_end = stream + 2 * alone;
    const uint16_t *fours_end = alone_end + (shared & ~3);
    for (int32_t i = 0; i < alone + shared; i += 8) {
      __builtin_prefetch((const char *)(w + 2 * i) + ESP_PAIR_AHEAD);
    }
    for (int32_t i = 0; i < 2 * alone + shared; i += 32) {
      __builtin_prefetch((const char *)(stream + i) + ESP_PAIR_AHEAD / 2);
    }
    esp_vec acc[2][ESP_PAIR_MAX_VECTORS];
    ESP_UNROLL for (int j = 0; j < N; j++) acc[0][j] = acc[1][j] = esp_vec_set(0);
    ESP_KEEP_LOOP while (stream != alone_end) {
      const float *p[4];
      ESP_UNROLL for (int k = 0; k < 4; k++) p[k] = esp_pair_at(x, quad, k);
      stream += 4;
      quad = esp_pair_quad(stream);
      ESP_PAIR_WEIGHTS(w)
      ESP_UNROLL for (int k = 0; k < 4; k++) {
        const esp_vec a = ESP_PAIR_WEIGHT(w, k);
        ESP_UNROLL for (int j = 0; j < N; j++) {
          acc[k & 1][j] = esp_vec_fma(a, esp_vec_load(p[k] + j * ESP_VEC_WIDTH), acc[k & 1][j]);
        }
      }
      w += 4;
    }
    ESP_KEEP_LOOP while (stream != fours_end) {
      const float *p[4];
      ESP_UNROLL for (int k = 0; k < 4; k++) p[k] = esp_pair_at(x, quad, k);
      stream += 4;
      quad = esp_pair_quad(stream);
      ESP_UNROLL for (int half = 0; half < 2; half++, w += 4) {
        esp_pair_two(w, p + 2 * half, acc, N);
      }
    }
    if (shared & 2) {
      const float *p[2] = {esp_pair_at(x, quad, 0), esp_pair_at(x, quad, 1)};
      esp_pair_two(w, p, acc, N);
      stream += 2;
      w += 4;
    }
    esp_pair_finish(call, acc[0], rows[0], N);
    esp_pair_finish(call, acc[1], rows[1], N);
  }
}

#define ESP_PAIR_KERNEL(N)                                               \
  static void ESP_VEC_NAME(esp_pair_##N)(const esp_pair_call *call) {    \
    esp_pair_band(call, N);                                              \
  }
