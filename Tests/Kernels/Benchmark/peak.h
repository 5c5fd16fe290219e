// The multiply-add rate of one core, measured: what kernels are compared with.
#ifndef PEAK_H
#define PEAK_H

#include "CEspalierKernels.h"

double seconds_now(void);
/// Floating-point operations per second of independent multiply-adds in registers.
double measured_peak(esp_isa isa);

#endif
