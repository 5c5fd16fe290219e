// Panel micro-kernels on AVX-512: 8 rows by 3 vectors fill 24 of 32 registers with sums.
#include "esp_panel.h"

#if defined(__x86_64__)
#include "../math/esp_math_avx512.h"

// A masked load costs what a plain one does, so the last vector is always masked.
#define ESP_PANEL_TAIL(last) const esp_mask tail = esp_vec_first(last);
#define ESP_PANEL_LOAD_LAST(p) _mm512_maskz_loadu_ps(tail, p)
#define ESP_PANEL_CHOOSE(call, V, N) esp_panel_rows(call, V, N, 1);

ESP_VEC_BEGIN
#include "panel_body.h"

ESP_PANEL_KERNEL(8, 1)
ESP_PANEL_KERNEL(8, 2)
ESP_PANEL_KERNEL(8, 3)
ESP_PANEL_KERNEL(4, 1)
ESP_PANEL_KERNEL(4, 2)
ESP_PANEL_KERNEL(4, 3)
ESP_PANEL_KERNEL(4, 4)
ESP_PANEL_KERNEL(4, 5)
ESP_PANEL_KERNEL(4, 6)
ESP_PANEL_KERNEL(2, 1)
ESP_PANEL_KERNEL(2, 2)
ESP_PANEL_KERNEL(2, 3)
ESP_PANEL_KERNEL(2, 4)
ESP_PANEL_KERNEL(2, 5)
ESP_PANEL_KERNEL(2, 6)
ESP_PANEL_KERNEL(1, 1)
ESP_PANEL_KERNEL(1, 2)
ESP_PANEL_KERNEL(1, 3)
ESP_PANEL_KERNEL(1, 4)
ESP_PANEL_KERNEL(1, 5)
ESP_PANEL_KERNEL(1, 6)

/// V rows by 3 vectors and one column: that column's sums are lanes of one short vector, its
/// weights loaded as such, so it costs a fraction of a fourth vector.
static inline __attribute__((always_inline)) void esp_panel_rows_one_more(
    const esp_panel_call *call, const int V) {
  esp_vec acc[8][3];
  __m256 more;
  float column[8] = {0};
  if (call->first) {
    ESP_UNROLL for (int i = 0; i < V; i++) {
      column[i] = call->start[i];
      ESP_UNROLL for (int j = 0; j < 3; j++) acc[i][j] = esp_vec_set(call->start[i]);
    }
  } else {
    ESP_UNROLL for (int i = 0; i < V; i++) {
      const float *from = call->partial + i * call->partial_stride;
      column[i] = from[48];
      ESP_UNROLL for (int j = 0; j < 3; j++) acc[i][j] = esp_vec_load(from + j * 16);
    }
  }
  more = _mm256_loadu_ps(column);
  const float *w = call->weights;
  const ptrdiff_t pitch = call->weight_stride;
  const float *x = call->x;
  const int32_t *offsets = call->offsets, *end = offsets + call->count;
  for (; offsets != end; offsets++) {
    const float *p = x + *offsets;
    esp_vec b[3];
    ESP_UNROLL for (int j = 0; j < 3; j++) b[j] = esp_vec_load(p + j * 16);
    esp_panel_fetch(w, offsets, V);
    ESP_UNROLL for (int i = 0; i < V; i++) {
      esp_vec a = esp_vec_set(w[i]);
      ESP_UNROLL for (int j = 0; j < 3; j++) acc[i][j] = esp_vec_fma(a, b[j], acc[i][j]);
    }
    if (V == 8) {
      more = _mm256_fmadd_ps(_mm256_loadu_ps(w), _mm256_set1_ps(p[48]), more);
    } else {
      more = _mm256_castps128_ps256(_mm_fmadd_ps(_mm_loadu_ps(w), _mm_set1_ps(p[48]),
                                                 _mm256_castps256_ps128(more)));
    }
    w += pitch;
  }
  if (V == 8) {
    _mm256_storeu_ps(column, more);
  } else {
    _mm_storeu_ps(column, _mm256_castps256_ps128(more));
  }
  ESP_UNROLL for (int i = 0; i < V; i++) {
    if (!call->last) {
      float *to = call->partial + i * call->partial_stride;
      to[48] = column[i];
      ESP_UNROLL for (int j = 0; j < 3; j++) esp_vec_store(to + j * 16, acc[i][j]);
    } else if (i < call->rows) {
      ESP_UNROLL for (int j = 0; j < 3; j++) esp_panel_store(call, acc[i][j], i, j * 16, 16);
      esp_panel_store(call, esp_vec_set(column[i]), i, 48, 1);
    }
  }
}

static void esp_panel_8x3_one_more(const esp_panel_call *call) { esp_panel_rows_one_more(call, 8); }
static void esp_panel_4x3_one_more(const esp_panel_call *call) { esp_panel_rows_one_more(call, 4); }
ESP_VEC_END

const esp_panel_kernels esp_panel_avx512 = {
    .shape =
        {
            {1, 6, {0, esp_panel_1x1_avx512, esp_panel_1x2_avx512, esp_panel_1x3_avx512,
                    esp_panel_1x4_avx512, esp_panel_1x5_avx512, esp_panel_1x6_avx512}, 0},
            {2, 6, {0, esp_panel_2x1_avx512, esp_panel_2x2_avx512, esp_panel_2x3_avx512,
                    esp_panel_2x4_avx512, esp_panel_2x5_avx512, esp_panel_2x6_avx512}, 0},
            {4, 6, {0, esp_panel_4x1_avx512, esp_panel_4x2_avx512, esp_panel_4x3_avx512,
                    esp_panel_4x4_avx512, esp_panel_4x5_avx512, esp_panel_4x6_avx512},
             esp_panel_4x3_one_more},
            {8, 3, {0, esp_panel_8x1_avx512, esp_panel_8x2_avx512, esp_panel_8x3_avx512},
             esp_panel_8x3_one_more},
        },
    .reads_exactly = 1,
};
#endif
