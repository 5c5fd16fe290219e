// Matrix times vectors where each row stores a few of every four columns: 16 rows in lanes, which
// pick theirs of four inputs by 2-bit numbers. The including file defines esp_quad, four inputs in
// every 128-bit lane (esp_quad_at), esp_codes, numbers in the low bits of a vector's lanes
// (esp_codes_at, esp_codes_next), esp_pick and ESP_N_OF_FOUR_UNROLL.

enum {
  ESP_N_OF_FOUR_VECTORS = 16 / ESP_VEC_WIDTH,
  /// Floats that the stream is fetched ahead: 4 KiB, as for panels.
  ESP_N_OF_FOUR_AHEAD = 1024,
};

/// Multiplies N positions of one quad of columns, T vectors at a time. Sums of positions that
/// follow one another differ (S of them), so that they do not wait.
static inline __attribute__((always_inline)) void esp_n_of_four_multiply(
    const float *w, const float *const *x, int32_t at, esp_codes codes[ESP_N_OF_FOUR_VECTORS],
    esp_vec sums[2][4][ESP_N_OF_FOUR_VECTORS], const int first, const int N, const int T,
    const int S) {
  esp_quad quads[2];
  ESP_UNROLL for (int t = 0; t < T; t++) quads[t] = esp_quad_at(x[t] + at);
  ESP_UNROLL for (int n = 0; n < N; n++) {
    const int s = (first + n) % S;
    ESP_UNROLL for (int v = 0; v < ESP_N_OF_FOUR_VECTORS; v++) {
      const esp_vec value = esp_vec_load(w + n * 16 + v * ESP_VEC_WIDTH);
      ESP_UNROLL for (int t = 0; t < T; t++) {
        sums[t][s][v] = esp_vec_fma(value, esp_pick(quads[t], codes[v]), sums[t][s][v]);
      }
      codes[v] = esp_codes_next(codes[v]);
    }
  }
}

static inline __attribute__((always_inline)) const float *esp_n_of_four_codes(
    const float *w, esp_codes codes[ESP_N_OF_FOUR_VECTORS]) {
  ESP_UNROLL for (int v = 0; v < ESP_N_OF_FOUR_VECTORS; v++) {
    codes[v] = esp_codes_at(w + v * ESP_VEC_WIDTH);
  }
  return w + 16;
}

static inline __attribute__((always_inline)) void esp_n_of_four(const esp_n_of_four_call *call,
                                                            const int N, const int T) {
  // Quads of a block: its 32 bits per row number 16 positions at most.
  const int Q = 16 / N;
  const int lanes = ESP_N_OF_FOUR_VECTORS * T, S = lanes >= 4 ? 1 : 4 / lanes;
  const float *w = call->values, *x[2];
  esp_vec sums[2][4][ESP_N_OF_FOUR_VECTORS];
  esp_codes codes[ESP_N_OF_FOUR_VECTORS];
  ESP_UNROLL for (int t = 0; t < T; t++) {
    x[t] = call->x + t * call->x_stride;
    ESP_UNROLL for (int s = 0; s < S; s++) {
      ESP_UNROLL for (int v = 0; v < ESP_N_OF_FOUR_VECTORS; v++) sums[t][s][v] = esp_vec_set(0.0f);
    }
  }
  const int32_t whole = call->columns / 4;
  int32_t q = 0;
  for (; q + Q <= whole; q += Q) {
    ESP_UNROLL for (int line = 0; line <= Q * N; line++) {
      __builtin_prefetch(w + ESP_N_OF_FOUR_AHEAD + line * 16);
    }
    w = esp_n_of_four_codes(w, codes);
    ESP_N_OF_FOUR_UNROLL for (int i = 0; i < Q; i++, w += 16 * N) {
      esp_n_of_four_multiply(w, x, (q + i) * 4, codes, sums, i * N, N, T, S);
    }
  }
  if (q * 4 < call->columns) {
    w = esp_n_of_four_codes(w, codes);
    for (; q < whole; q++, w += 16 * N) esp_n_of_four_multiply(w, x, q * 4, codes, sums, 0, N, T, S);
    const int32_t left = call->columns - q * 4;
    if (left) {
      // What lies behind the last column counts as zero, and is not read.
      float rest[2][4] = {{0}};
      const float *padded[2];
      ESP_UNROLL for (int t = 0; t < T; t++) {
        for (int32_t i = 0; i < left; i++) rest[t][i] = x[t][q * 4 + i];
        padded[t] = rest[t];
      }
      esp_n_of_four_multiply(w, padded, 0, codes, sums, 0, N, T, S);
    }
  }
  ESP_UNROLL for (int t = 0; t < T; t++) {
    ESP_UNROLL for (int v = 0; v < ESP_N_OF_FOUR_VECTORS; v++) {
      ESP_UNROLL for (int s = 1; s < S; s++) {
        sums[t][0][v] = esp_vec_add(sums[t][0][v], sums[t][s][v]);
      }
      esp_vec_store(call->sums + t * 16 + v * ESP_VEC_WIDTH, sums[t][0][v]);
    }
  }
}

#define ESP_N_OF_FOUR(N, T)                                                     \
  static void ESP_VEC_NAME(esp_n_of_four_##N##_##T)(const esp_n_of_four_call *call) { \
    esp_n_of_four(call, N, T);                                                  \
  }
#define ESP_N_OF_FOUR_OF(N) ESP_N_OF_FOUR(N, 1) ESP_N_OF_FOUR(N, 2)
ESP_N_OF_FOUR_OF(1)
ESP_N_OF_FOUR_OF(2)
ESP_N_OF_FOUR_OF(3)
ESP_N_OF_FOUR_OF(4)

#define ESP_N_OF_FOUR_ROW(N) {ESP_VEC_NAME(esp_n_of_four_##N##_1), ESP_VEC_NAME(esp_n_of_four_##N##_2)}
#define ESP_N_OF_FOUR_TABLE {ESP_N_OF_FOUR_ROW(1), ESP_N_OF_FOUR_ROW(2), ESP_N_OF_FOUR_ROW(3), ESP_N_OF_FOUR_ROW(4)}
