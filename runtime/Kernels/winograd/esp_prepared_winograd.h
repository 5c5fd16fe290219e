// Winograd convolution of a whole layer.
#ifndef ESP_PREPARED_WINOGRAD_H
#define ESP_PREPARED_WINOGRAD_H

#include "../isa/esp_kernel_set.h"
#include "esp_contraction.h"

esp_requirements esp_winograd_requirements(const esp_convolution *, const esp_kernel_set *);
int esp_winograd_prepare(const esp_convolution *, const esp_kernel_set *, void *memory,
                         void *shared, esp_task tasks[2], const char **kernel);

/// Fills `transformed`, as esp_transform_weight says.
void esp_winograd_transform(const esp_weight *, const esp_kernel_set *, float *transformed);

#endif
