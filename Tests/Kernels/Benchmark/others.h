// Times linear layers, attention products and depthwise convolutions on one thread.
#ifndef OTHERS_H
#define OTHERS_H

#include "CEspalierKernels.h"

void benchmark_others(esp_isa isa, double peak);

#endif
