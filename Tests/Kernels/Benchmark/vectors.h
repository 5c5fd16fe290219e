// Times fully connected layers of one token: pruned ones beside dense ones, from cache and from memory.
#ifndef VECTORS_H
#define VECTORS_H

#include "CEspalierKernels.h"

void benchmark_vectors(esp_isa isa);

#endif
