// Made by Scripts/generate-model-header.sh from Sources/ModelFile/model.fbs; do not edit.
#ifndef ESP_PACKING_H
#define ESP_PACKING_H

typedef enum esp_packing {
  ESP_PACKING_PANELS = 0,
  ESP_PACKING_PATTERN_GROUPS = 1,
  ESP_PACKING_SLICED_ELLPACK = 2,
  ESP_PACKING_DEPTHWISE = 3,
  ESP_PACKING_ROW_PAIRS = 6,
  ESP_PACKING_N_OF_FOUR = 7,
  ESP_PACKING_BITMAP = 8,
  ESP_PACKING_WINOGRAD_2 = 9,
  ESP_PACKING_WINOGRAD_4 = 10,
} esp_packing;

#endif
