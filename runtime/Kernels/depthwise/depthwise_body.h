// The functions of esp_depthwise.h for the vector type that the including file chose.

#define ESP_UNROLL _Pragma("clang loop unroll(full)")

static inline __attribute__((always_inline)) void esp_depthwise_store(
    const esp_depthwise_call *call, esp_vec value, int32_t row, int32_t first) {
  const ptrdiff_t at = (ptrdiff_t)row * call->out_w + first;
  const int32_t left = call->out_w - first;
  const int count = left < ESP_VEC_WIDTH ? left : ESP_VEC_WIDTH;
  if (call->residual) {
    value = esp_vec_add(value, esp_vec_load_first(call->residual + at, count));
  }
  value = esp_vec_clip(value, esp_vec_set(call->low), esp_vec_set(call->high));
  esp_vec_store_first(call->y + at, value, count);
}

// `R` output rows at a time share each weight's broadcast.
static inline __attribute__((always_inline)) void esp_depthwise_any_rows(
    const esp_depthwise_call *call, int32_t row, const int R) {
  for (int32_t first = 0; first < call->out_w; first += ESP_VEC_WIDTH) {
    esp_vec acc[4];
    ESP_UNROLL for (int r = 0; r < R; r++) acc[r] = esp_vec_set(call->start);
    const float *w = call->weights;
    for (int32_t ky = 0; ky < call->kernel_h; ky++) {
      const float *line = call->plane + first +
                          ((ptrdiff_t)row * call->stride_h + ky * call->dilation_h) * call->pitch;
      for (int32_t kx = 0; kx < call->kernel_w; kx++) {
        const int32_t at = kx * call->dilation_w;
        const float *p = line + at % call->stride_w * call->part + at / call->stride_w;
        const esp_vec a = esp_vec_set(*w++);
        ESP_UNROLL for (int r = 0; r < R; r++) {
          acc[r] = esp_vec_fma(a, esp_vec_load(p + r * call->stride_h * call->pitch), acc[r]);
        }
      }
    }
    ESP_UNROLL for (int r = 0; r < R; r++) esp_depthwise_store(call, acc[r], row + r, first);
  }
}

static void ESP_VEC_NAME(esp_depthwise_any)(const esp_depthwise_call *call) {
  int32_t row = 0;
  for (; row + 4 <= call->out_h; row += 4) esp_depthwise_any_rows(call, row, 4);
  for (; row < call->out_h; row++) esp_depthwise_any_rows(call, row, 1);
}

// Square kernels K without dilation, stride S: each input row is loaded once and added to every
// output row that it belongs to.
static inline __attribute__((always_inline)) void esp_depthwise_square_rows(
    const esp_depthwise_call *call, int32_t row, const int K, const int S, const int R) {
  const float *w = call->weights;
  const ptrdiff_t pitch = call->pitch, part = call->part;
  for (int32_t first = 0; first < call->out_w; first += ESP_VEC_WIDTH) {
    esp_vec acc[4];
    ESP_UNROLL for (int r = 0; r < R; r++) acc[r] = esp_vec_set(call->start);
    const float *p = call->plane + (ptrdiff_t)row * S * pitch + first;
    ESP_UNROLL for (int i = 0; i < (R - 1) * S + K; i++) {
      ESP_UNROLL for (int kx = 0; kx < K; kx++) {
        const esp_vec b = esp_vec_load(p + i * pitch + kx % S * part + kx / S);
        ESP_UNROLL for (int r = 0; r < R; r++) {
          const int ky = i - r * S;
          if (ky >= 0 && ky < K) acc[r] = esp_vec_fma(esp_vec_set(w[ky * K + kx]), b, acc[r]);
        }
      }
    }
    ESP_UNROLL for (int r = 0; r < R; r++) esp_depthwise_store(call, acc[r], row + r, first);
  }
}

#define ESP_DEPTHWISE_SQUARE(name, K, S)                                                       \
  static void ESP_VEC_NAME(esp_depthwise_##name)(const esp_depthwise_call *call) {             \
    int32_t row = 0;                                                                           \
    for (; row + 4 <= call->out_h; row += 4) esp_depthwise_square_rows(call, row, K, S, 4);    \
    for (; row + 2 <= call->out_h; row += 2) esp_depthwise_square_rows(call, row, K, S, 2);    \
    for (; row < call->out_h; row++) esp_depthwise_square_rows(call, row, K, S, 1);            \
  }

ESP_DEPTHWISE_SQUARE(three, 3, 1)
ESP_DEPTHWISE_SQUARE(three_by_two, 3, 2)
ESP_DEPTHWISE_SQUARE(five, 5, 1)
ESP_DEPTHWISE_SQUARE(five_by_two, 5, 2)

#define ESP_DEPTHWISE_TABLE                                                                    \
  {                                                                                            \
    .any = ESP_VEC_NAME(esp_depthwise_any), .three = ESP_VEC_NAME(esp_depthwise_three),        \
    .three_by_two = ESP_VEC_NAME(esp_depthwise_three_by_two),                                  \
    .five = ESP_VEC_NAME(esp_depthwise_five),                                                  \
    .five_by_two = ESP_VEC_NAME(esp_depthwise_five_by_two),                                    \
  }
