#if defined(__x86_64__)
#include <math.h>

#include "../math/esp_math_avx2.h"
#include "vectors.inc"
#else
typedef int esp_not_this_architecture;
#endif
