// The table of micro-kernels, one row for each instruction set.
#ifndef ESP_KERNEL_SETS_H
#define ESP_KERNEL_SETS_H

#include "../isa/esp_kernel_set.h"
#include "esp_task.h"

/// The kernels of an instruction set this build has, or the scalar ones.
const esp_kernel_set *esp_kernel_set_for(esp_isa isa);

#endif
