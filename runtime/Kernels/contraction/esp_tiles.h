// Convolutions and linear layers by tiles of columns times panels, pattern groups or row pairs.
#ifndef ESP_TILES_H
#define ESP_TILES_H

#include "../isa/esp_kernel_set.h"
#include "esp_contraction.h"

esp_requirements esp_tiled_convolution_requirements(const esp_convolution *,
                                                    const esp_kernel_set *);
int esp_tiled_convolution_prepare(const esp_convolution *, const esp_kernel_set *, void *memory,
                                  void *shared, esp_task tasks[2], const char **kernel);

esp_requirements esp_tiled_linear_requirements(const esp_linear *, const esp_kernel_set *);
int esp_tiled_linear_prepare(const esp_linear *, const esp_kernel_set *, void *memory,
                             esp_task tasks[2], const char **kernel);

#endif
