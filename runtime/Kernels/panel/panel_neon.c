// Panel micro-kernels on NEON: 4 rows by 6 vectors or 8 by 3 are 24 sums of 32 registers. Weights are
// loaded four at a time and multiplied by lane.
#include "esp_panel.h"

#if defined(__aarch64__)
#include "../math/esp_math_neon.h"

#define ESP_PANEL_TAIL(last)
#define ESP_PANEL_LOAD_LAST(p) esp_vec_load(p)

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
