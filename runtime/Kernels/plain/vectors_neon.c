#if defined(__aarch64__)
#include <math.h>

#include "../math/esp_math_neon.h"
#include "vectors.inc"
#else
typedef int esp_not_this_architecture;
#endif
