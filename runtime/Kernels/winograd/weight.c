// Winograd's transform of a whole weight, once for all that run it.
//
// Rows are cut into strips of ESP_WINOGRAD_STRIP, the last of which may be short: of each strip, for each
// position (row by row of U = G w G^T), for each panel of the strip, for each channel, the panel's rows.
// So what one block of tiles is multiplied by follows what it was multiplied by before.
#include "esp_prepared_winograd.h"
#include "esp_winograd.h"

void esp_winograd_transform(const esp_weight *weight, const esp_kernel_set *set, float *transformed) {
  enum { HEIGHT = ESP_WINOGRAD_HEIGHT };
  const int m = weight->packing == ESP_PACKING_WINOGRAD_2 ? 2 : 4, positions = (m + 2) * (m + 2);
  const ptrdiff_t channels = weight->columns / 9;
  for (int32_t strip = 0; strip < weight->rows; strip += ESP_WINOGRAD_STRIP) {
    const int32_t left = weight->rows - strip;
    const int32_t rows = left < ESP_WINOGRAD_STRIP ? left : ESP_WINOGRAD_STRIP;
    const int32_t panels = rows / HEIGHT + (rows % HEIGHT != 0);
    float *u = transformed + strip * positions * channels;
    for (int32_t panel = 0; panel < panels; panel++) {
      const int32_t first = panel * HEIGHT;
      const esp_winograd_weight call = {
          .taps = esp_weight_floats(weight) + (ptrdiff_t)(strip + first) * weight->columns,
          .row_stride = weight->columns,
          .rows = rows - first < HEIGHT ? rows - first : HEIGHT,
          .channels = (int32_t)channels,
          .u = u + first * channels, .u_stride = panels * HEIGHT * channels,
      };
      set->winograd[m / 4].weight(&call);
    }
  }
}
