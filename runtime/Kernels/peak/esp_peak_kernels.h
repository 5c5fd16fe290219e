// The multiply-add loop of each instruction set.
#ifndef ESP_PEAK_KERNELS_H
#define ESP_PEAK_KERNELS_H

#include "../include/esp_peak.h"

enum { ESP_PEAK_CHAINS = 12, ESP_PEAK_ROUNDS = 20000 };

typedef struct esp_peak_kernel {
  esp_task_function run;
  int32_t lanes;
} esp_peak_kernel;

#endif
