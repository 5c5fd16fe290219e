// The vector functions of each instruction set behind plain pointers, 16 floats at a time.
#ifndef MATH_FUNCTIONS_H
#define MATH_FUNCTIONS_H

#include "CEspalierKernels.h"

enum { MATH_FUNCTIONS = 7 };

typedef struct {
  /// exp, log, sigmoid, tanh, erf, gelu, gelu_tanh.
  void (*run[MATH_FUNCTIONS])(const float *x, float *y);
} math_functions;

/// Null where this build has no such instruction set.
const math_functions *math_functions_for(esp_isa isa);

#endif
