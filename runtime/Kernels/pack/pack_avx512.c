// Packing on AVX-512: 16 x 16 transposes.
#include "esp_pack.h"

#if defined(__x86_64__)
#include "../math/esp_math_avx512.h"

ESP_VEC_BEGIN

static inline void esp_transpose(esp_vec v[16]) {
  esp_vec pair[16], quad[16];
  for (int i = 0; i < 16; i += 2) {
    pair[i] = _mm512_unpacklo_ps(v[i], v[i + 1]);
    pair[i + 1] = _mm512_unpackhi_ps(v[i], v[i + 1]);
  }
  // quad[i + c] holds, in 128-bit lane l, column 4 l + c of rows i ... i + 3.
  for (int i = 0; i < 16; i += 4) {
    quad[i] = _mm512_shuffle_ps(pair[i], pair[i + 2], 0x44);
    quad[i + 1] = _mm512_shuffle_ps(pair[i], pair[i + 2], 0xEE);
    quad[i + 2] = _mm512_shuffle_ps(pair[i + 1], pair[i + 3], 0x44);
    quad[i + 3] = _mm512_shuffle_ps(pair[i + 1], pair[i + 3], 0xEE);
  }
  for (int c = 0; c < 4; c++) {
    esp_vec a = _mm512_shuffle_f32x4(quad[c], quad[4 + c], 0x88);       // lanes 0, 2
    esp_vec b = _mm512_shuffle_f32x4(quad[8 + c], quad[12 + c], 0x88);
    esp_vec d = _mm512_shuffle_f32x4(quad[c], quad[4 + c], 0xDD);       // lanes 1, 3
    esp_vec e = _mm512_shuffle_f32x4(quad[8 + c], quad[12 + c], 0xDD);
    v[c] = _mm512_shuffle_f32x4(a, b, 0x88);
    v[8 + c] = _mm512_shuffle_f32x4(a, b, 0xDD);
    v[4 + c] = _mm512_shuffle_f32x4(d, e, 0x88);
    v[12 + c] = _mm512_shuffle_f32x4(d, e, 0xDD);
  }
}

static inline esp_vec esp_even(esp_vec a, esp_vec b) {
  const __m512i even =
      _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  return _mm512_permutex2var_ps(a, even, b);
}

#define ESP_PACK_ANY_LANES
typedef __mmask16 esp_lanes;

static inline esp_lanes esp_lanes_of(uint16_t bits) { return bits; }

static inline esp_vec esp_vec_load_lanes(const float *p, esp_lanes any) {
  return _mm512_maskz_loadu_ps(any, p);
}

#include "pack_body.h"

ESP_VEC_END

const esp_pack_kernels esp_pack_avx512 = ESP_PACK_TABLE;
#endif
