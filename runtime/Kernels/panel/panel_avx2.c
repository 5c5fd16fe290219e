// Panel micro-kernels on AVX2 and FMA: 4 rows by 3 vectors are 12 sums, and 4 registers to spare.
#include "esp_panel.h"

#if defined(__x86_64__)
#include "../math/esp_math_avx2.h"

#define ESP_PANEL_TAIL(last) const __m256i tail = esp_vec_first(exact ? last : 0);
#define ESP_PANEL_LOAD_LAST(p) _mm256_maskload_ps(p, tail)
// Keeps the compiler from broadcasting weights ahead of time: 12 sums, 3 vectors of x and one
// weight are all 16 registers, and one weight more spills a sum.
#define ESP_PANEL_ORDER(sum) __asm__ volatile("" : "+x"(sum) : : "memory");
// The mask takes the last free register, and sums would be spilled: only where it must be.
#define ESP_PANEL_CHOOSE(call, V, N)                     \
  if (call->padded || call->columns == N * ESP_VEC_WIDTH) { \
    esp_panel_rows(call, V, N, 0);                       \
  } else {                                               \
    esp_panel_rows(call, V, N, 1);                       \
  }

ESP_VEC_BEGIN
#include "panel_body.h"

ESP_PANEL_KERNEL(4, 1)
ESP_PANEL_KERNEL(4, 2)
ESP_PANEL_KERNEL(4, 3)
ESP_PANEL_KERNEL(2, 1)
ESP_PANEL_KERNEL(2, 2)
ESP_PANEL_KERNEL(2, 3)
ESP_PANEL_KERNEL(2, 4)
ESP_PANEL_KERNEL(2, 5)
ESP_PANEL_KERNEL(1, 1)
ESP_PANEL_KERNEL(1, 2)
ESP_PANEL_KERNEL(1, 3)
ESP_PANEL_KERNEL(1, 4)
ESP_PANEL_KERNEL(1, 5)
ESP_PANEL_KERNEL(1, 6)
ESP_VEC_END

const esp_panel_kernels esp_panel_avx2 = {
    .shape =
        {
            {1, 6, {0, esp_panel_1x1_avx2, esp_panel_1x2_avx2, esp_panel_1x3_avx2,
                    esp_panel_1x4_avx2, esp_panel_1x5_avx2, esp_panel_1x6_avx2}, 0},
            {2, 5, {0, esp_panel_2x1_avx2, esp_panel_2x2_avx2, esp_panel_2x3_avx2,
                    esp_panel_2x4_avx2, esp_panel_2x5_avx2}, 0},
            {4, 3, {0, esp_panel_4x1_avx2, esp_panel_4x2_avx2, esp_panel_4x3_avx2}, 0},
            // A panel of 8 is read as two of 4: 8 rows would need 24 sums.
            {4, 3, {0, esp_panel_4x1_avx2, esp_panel_4x2_avx2, esp_panel_4x3_avx2}, 0},
        },
    .reads_exactly = 1,
};
#endif
