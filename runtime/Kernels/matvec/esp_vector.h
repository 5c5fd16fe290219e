// Linear layers as matrix times vector.
#ifndef ESP_VECTOR_H
#define ESP_VECTOR_H

#include "../isa/esp_kernel_set.h"
#include "esp_contraction.h"

/// Whether a layer is one: packed for it, or panels with too few tokens to fill a tile's lanes.
int esp_is_vector(const esp_linear *);
esp_requirements esp_vector_requirements(const esp_linear *, const esp_kernel_set *);
int esp_vector_prepare(const esp_linear *, const esp_kernel_set *, void *memory,
                       esp_task tasks[2], const char **kernel);

#endif
