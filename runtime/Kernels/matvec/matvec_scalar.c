// Matrix times vector in plain C.
#include "../math/esp_math_scalar.h"
#include "esp_matvec.h"

static inline esp_vec esp_gather(const float *x, const uint32_t *indices) { return x[*indices]; }

#define ESP_N_OF_FOUR_UNROLL
typedef const float *esp_quad;
typedef uint32_t esp_codes;

static inline esp_quad esp_quad_at(const float *x) { return x; }
static inline esp_codes esp_codes_at(const float *codes) {
  esp_codes first;
  memcpy(&first, codes, sizeof first);
  return first;
}
static inline esp_codes esp_codes_next(esp_codes codes) { return codes >> 2; }
static inline esp_vec esp_pick(esp_quad quad, esp_codes codes) { return quad[codes & 3]; }

#include "matvec_body.h"

const esp_matvec_kernels esp_matvec_scalar = ESP_MATVEC_TABLE;
