// Panel micro-kernels on NEON: 4 rows by 6 vectors or 8 by 3 are 24 sums of 32 registers. Weights
// are loaded four at a time and multiplied by lane.
#include "esp_panel.h"

#if defined(__aarch64__)
#include "../math/esp_math_neon.h"

#define ESP_PANEL_TAIL(last)
#define ESP_PANEL_LOAD_LAST(p) esp_vec_load(p)
#define ESP_PANEL_CHOOSE(call, V, N) esp_panel_rows(call, V, N, 0);

// Multiplying by lane needs no broadcast, which would take a slot of the multiplying units.
#define ESP_PANEL_WEIGHTS(V)                                                     \
  float32x4_t four[2];                                                           \
  if (V >= 4) four[0] = vld1q_f32(w);                                            \
  if (V >= 8) four[1] = vld1q_f32(w + 4);                                        \
  if (V == 2) four[0] = vcombine_f32(vld1_f32(w), vdup_n_f32(0));                \
  if (V == 1) four[0] = vdupq_n_f32(*w);
#define ESP_PANEL_WEIGHT(i) vdupq_n_f32(four[(i) / 4][(i) % 4])

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

const esp_panel_kernels esp_panel_neon = {
    .shape =
        {
            {1, 6, {0, esp_panel_1x1_neon, esp_panel_1x2_neon, esp_panel_1x3_neon,
                    esp_panel_1x4_neon, esp_panel_1x5_neon, esp_panel_1x6_neon}, 0},
            {2, 6, {0, esp_panel_2x1_neon, esp_panel_2x2_neon, esp_panel_2x3_neon,
                    esp_panel_2x4_neon, esp_panel_2x5_neon, esp_panel_2x6_neon}, 0},
            {4, 6, {0, esp_panel_4x1_neon, esp_panel_4x2_neon, esp_panel_4x3_neon,
                    esp_panel_4x4_neon, esp_panel_4x5_neon, esp_panel_4x6_neon}, 0},
            {8, 3, {0, esp_panel_8x1_neon, esp_panel_8x2_neon, esp_panel_8x3_neon}, 0},
        },
    .reads_exactly = 0,
};
#endif
