// Panel micro-kernels in plain C: 4 rows by 4 columns, for processors without a file of their own.
#include "../math/esp_math_scalar.h"
#include "esp_panel.h"

#define ESP_PANEL_TAIL(last)
#define ESP_PANEL_LOAD_LAST(p) esp_vec_load(p)
#define ESP_PANEL_CHOOSE(call, V, N) esp_panel_rows(call, V, N, 0);

#include "panel_body.h"

ESP_PANEL_KERNEL(4, 1)
ESP_PANEL_KERNEL(4, 2)
ESP_PANEL_KERNEL(4, 3)
ESP_PANEL_KERNEL(4, 4)
ESP_PANEL_KERNEL(2, 1)
ESP_PANEL_KERNEL(2, 2)
ESP_PANEL_KERNEL(2, 3)
ESP_PANEL_KERNEL(2, 4)
ESP_PANEL_KERNEL(1, 1)
ESP_PANEL_KERNEL(1, 2)
ESP_PANEL_KERNEL(1, 3)
ESP_PANEL_KERNEL(1, 4)

const esp_panel_kernels esp_panel_scalar = {
    .shape =
        {
            {1, 4, {0, esp_panel_1x1_scalar, esp_panel_1x2_scalar, esp_panel_1x3_scalar,
                    esp_panel_1x4_scalar}, 0},
            {2, 4, {0, esp_panel_2x1_scalar, esp_panel_2x2_scalar, esp_panel_2x3_scalar,
                    esp_panel_2x4_scalar}, 0},
            {4, 4, {0, esp_panel_4x1_scalar, esp_panel_4x2_scalar, esp_panel_4x3_scalar,
                    esp_panel_4x4_scalar}, 0},
            {4, 4, {0, esp_panel_4x1_scalar, esp_panel_4x2_scalar, esp_panel_4x3_scalar,
                    esp_panel_4x4_scalar}, 0},
        },
    .reads_exactly = 1,  // one lane is one column
};
