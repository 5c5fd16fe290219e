// The multiply-add peak of plain C: compilers turn its loops into vectors of four where there are any.
#include "esp_peak_kernels.h"

typedef float lanes __attribute__((vector_size(16)));
#define SET(x) ((lanes){x, x, x, x})
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))

#include "peak_body.h"

const esp_peak_kernel esp_peak_scalar = {run_peak, 4};
