// Dense linear layers over many tokens.
#ifndef ESP_SEQUENCE_H
#define ESP_SEQUENCE_H

#include "../isa/esp_kernel_set.h"
#include "esp_contraction.h"

/// Whether a layer is one: dense panels of 8 rows, and tokens enough to share what they load.
int esp_is_sequence(const esp_linear *);
esp_requirements esp_sequence_requirements(const esp_linear *, const esp_kernel_set *);
int esp_sequence_prepare(const esp_linear *, const esp_kernel_set *, void *memory, void *shared,
                         esp_task tasks[2], const char **kernel);

#endif
