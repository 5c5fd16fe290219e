#include <math.h>

#include "../math/esp_math_scalar.h"
#include "vectors.inc"
