// The functions of esp_matvec.h. The including file defines esp_gather(x, indices), and what
// n_of_four_body.h needs.

#define ESP_UNROLL _Pragma("clang loop unroll(full)")

// Vectors as long as a panel is high; the compiler picks the registers. Panels may lie anywhere.
typedef float esp_rows8 __attribute__((vector_size(32), aligned(4)));
typedef float esp_rows4 __attribute__((vector_size(16), aligned(4)));
typedef float esp_rows2 __attribute__((vector_size(8), aligned(4)));
typedef float esp_rows1;

// P panels and U columns at a time: P * U sums wait for one another only once per round.
#define ESP_MATVEC(V)                                                                          \
  static inline __attribute__((always_inline)) void esp_matvec_##V(                            \
      const esp_matvec_call *call, int32_t first, const int P, const int U,                    \
      const int indexed) {                                                                     \
    esp_rows##V acc[4][4] = {0};                                                                \
    const float *w = call->weights + first * call->panel_stride, *x = call->x;                   \
    const ptrdiff_t pitch = call->panel_stride;                                                   \
    const uint32_t *columns = call->columns;                                                   \
    int32_t k = 0;                                                                             \
    for (; k + U <= call->count; k += U) {                                                     \
      ESP_UNROLL for (int u = 0; u < U; u++) {                                                 \
        const float b = x[indexed ? columns[k + u] : (uint32_t)(k + u)];                       \
        ESP_UNROLL for (int p = 0; p < P; p++) {                                               \
          acc[p][u] += *(const esp_rows##V *)(w + p * pitch + (ptrdiff_t)(k + u) * V) * b;      \
        }                                                                                      \
      }                                                                                        \
    }                                                                                          \
    for (; k < call->count; k++) {                                                             \
      const float b = x[indexed ? columns[k] : (uint32_t)k];                                   \
      ESP_UNROLL for (int p = 0; p < P; p++) {                                                 \
        acc[p][0] += *(const esp_rows##V *)(w + p * pitch + (ptrdiff_t)k * V) * b;              \
      }                                                                                        \
    }                                                                                          \
    ESP_UNROLL for (int p = 0; p < P; p++) {                                                   \
      ESP_UNROLL for (int u = 1; u < U; u++) acc[p][0] += acc[p][u];                           \
      *(esp_rows##V *)(call->sums + (first + p) * V) = acc[p][0];                              \
    }                                                                                          \
  }                                                                                            \
  static void ESP_VEC_NAME(esp_matvec_panels_##V)(const esp_matvec_call *call) {               \
    int32_t p = 0;                                                                             \
    if (call->columns) {                                                                       \
      for (; p + 4 <= call->panels; p += 4) esp_matvec_##V(call, p, 4, 2, 1);                  \
      for (; p + 2 <= call->panels; p += 2) esp_matvec_##V(call, p, 2, 4, 1);                  \
      for (; p < call->panels; p++) esp_matvec_##V(call, p, 1, 4, 1);                          \
    } else {                                                                                   \
      for (; p + 4 <= call->panels; p += 4) esp_matvec_##V(call, p, 4, 2, 0);                  \
      for (; p + 2 <= call->panels; p += 2) esp_matvec_##V(call, p, 2, 4, 0);                  \
      for (; p < call->panels; p++) esp_matvec_##V(call, p, 1, 4, 0);                          \
    }                                                                                          \
  }

ESP_MATVEC(8)
ESP_MATVEC(4)
ESP_MATVEC(2)

ESP_MATVEC(1)

static void ESP_VEC_NAME(esp_matvec_sliced_ellpack)(const float *values, const uint32_t *columns,
                                          int32_t count, const float *x, float *sums) {
  enum { N = 16 / ESP_VEC_WIDTH };
  esp_vec acc[2][N];
  for (int j = 0; j < N; j++) acc[0][j] = acc[1][j] = esp_vec_set(0.0f);
  int32_t k = 0;
  for (; k + 2 <= count; k += 2, values += 32, columns += 32) {
    ESP_UNROLL for (int u = 0; u < 2; u++) {
      ESP_UNROLL for (int j = 0; j < N; j++) {
        const int at = u * 16 + j * ESP_VEC_WIDTH;
        acc[u][j] = esp_vec_fma(esp_vec_load(values + at), esp_gather(x, columns + at), acc[u][j]);
      }
    }
  }
  if (k < count) {
    for (int j = 0; j < N; j++) {
      const int at = j * ESP_VEC_WIDTH;
      acc[0][j] = esp_vec_fma(esp_vec_load(values + at), esp_gather(x, columns + at), acc[0][j]);
    }
  }
  for (int j = 0; j < N; j++) {
    esp_vec_store(sums + j * ESP_VEC_WIDTH, esp_vec_add(acc[0][j], acc[1][j]));
  }
}

#include "bitmap_body.h"
#include "n_of_four_body.h"

#define ESP_MATVEC_TABLE                                                               \
  {                                                                                    \
    .panels = {ESP_VEC_NAME(esp_matvec_panels_1), ESP_VEC_NAME(esp_matvec_panels_2),   \
               ESP_VEC_NAME(esp_matvec_panels_4), ESP_VEC_NAME(esp_matvec_panels_8)},  \
    .sliced_ellpack = ESP_VEC_NAME(esp_matvec_sliced_ellpack),                                             \
    .n_of_four = ESP_N_OF_FOUR_TABLE,                                                          \
    .bitmap = ESP_VEC_NAME(esp_bitmap),                                                \
  }
