#include "math_functions.h"

extern const math_functions math_functions_scalar, math_functions_neon, math_functions_avx2,
    math_functions_avx512;

const math_functions *math_functions_for(esp_isa isa) {
  switch (isa) {
    case ESP_ISA_SCALAR: return &math_functions_scalar;
#if defined(__x86_64__)
    case ESP_ISA_AVX2: return &math_functions_avx2;
    case ESP_ISA_AVX512: return &math_functions_avx512;
#elif defined(__aarch64__)
    case ESP_ISA_NEON: return &math_functions_neon;
#endif
    default: return 0;
  }
}
