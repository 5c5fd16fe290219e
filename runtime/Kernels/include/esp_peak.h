// What the processor can do at most: multiply-adds in registers, to compare kernels with.
#ifndef ESP_PEAK_H
#define ESP_PEAK_H

#include "esp_task.h"

/// Floating-point operations of one work item; a few dozen microseconds on a fast core.
double esp_peak_operations(esp_isa isa);
/// A task of independent multiply-adds that touches no memory.
esp_task esp_peak_task(esp_isa isa, int64_t items);

#endif
