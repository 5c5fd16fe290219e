// Kernels of the Espalier runtime: C17, no allocation, no global state, no ownership.
//
// The caller (the executor) checks every size and index at load; kernels assume them. A kernel reads
// and writes exactly the bytes its contract names, never one beyond: tests put guard pages there.
// Every tensor is dense and row-major in ONNX's order; images are [N][C][H][W] planes, sequences
// [..][tokens][features]. Kernels that want another order pack tiles into scratch.
#ifndef CESPALIER_KERNELS_H
#define CESPALIER_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "esp_task.h"
#include "esp_type.h"
#include "esp_weight.h"
#include "esp_contraction.h"
#include "esp_peak.h"
#include "esp_plain.h"
#include "esp_pool_threads.h"

#endif
