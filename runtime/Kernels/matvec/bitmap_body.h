// Matrix times vector where a bit per weight says which are stored: 16 rows in lanes, whose kept
// values of one column, one behind the other in memory, are spread to the lanes of their bits.
//
// A primitive is all that instruction sets with vectors differ in, and they stand side by side here:
// esp_bitmap_expand(values, mask) puts values[0], values[1] ... into the lanes of the set bits of
// `mask`, one bit per lane of a vector, and zero into the others. It may read a whole vector of
// values, which the packing has behind the last.

#if ESP_VEC_WIDTH == 16

static inline esp_vec esp_bitmap_expand(const float *values, uint32_t mask) {
  return _mm512_maskz_expandloadu_ps((__mmask16)mask, values);
}
static inline int esp_bitmap_kept(uint32_t mask) { return __builtin_popcount(mask); }

#elif ESP_VEC_WIDTH == 8

// For each mask and lane which value the lane takes; negative where it takes none.
#define ESP_BITMAP_LANE(mask, lane) \
  ((mask) >> (lane) & 1 ? __builtin_popcount((mask) & ((1 << (lane)) - 1)) : -1)
#define ESP_BITMAP_1(m)                                                          \
  {ESP_BITMAP_LANE(m, 0), ESP_BITMAP_LANE(m, 1), ESP_BITMAP_LANE(m, 2), ESP_BITMAP_LANE(m, 3), \
   ESP_BITMAP_LANE(m, 4), ESP_BITMAP_LANE(m, 5), ESP_BITMAP_LANE(m, 6), ESP_BITMAP_LANE(m, 7)}
#define ESP_BITMAP_4(m) \
  ESP_BITMAP_1(m), ESP_BITMAP_1((m) + 1), ESP_BITMAP_1((m) + 2), ESP_BITMAP_1((m) + 3)
#define ESP_BITMAP_16(m) \
  ESP_BITMAP_4(m), ESP_BITMAP_4((m) + 4), ESP_BITMAP_4((m) + 8), ESP_BITMAP_4((m) + 12)
#define ESP_BITMAP_64(m) \
  ESP_BITMAP_16(m), ESP_BITMAP_16((m) + 16), ESP_BITMAP_16((m) + 32), ESP_BITMAP_16((m) + 48)
// Whole numbers of 32 bits, 8 KiB in all: bytes would have to be widened for each vector.
static const int32_t esp_bitmap_orders[256][8] = {
    ESP_BITMAP_64(0), ESP_BITMAP_64(64), ESP_BITMAP_64(128), ESP_BITMAP_64(192)};

static inline esp_vec esp_bitmap_expand(const float *values, uint32_t mask) {
  const __m256i order = _mm256_loadu_si256((const __m256i *)esp_bitmap_orders[mask]);
  const __m256 spread = _mm256_permutevar8x32_ps(_mm256_loadu_ps(values), order);
  const __m256i none = _mm256_srai_epi32(order, 31);
  return _mm256_andnot_ps(_mm256_castsi256_ps(none), spread);
}
static inline int esp_bitmap_kept(uint32_t mask) { return __builtin_popcount(mask); }

#elif ESP_VEC_WIDTH == 4

// For each mask and lane the four bytes that the lane takes; bytes 255 are none of 16, and give zero.
#define ESP_BITMAP_LANE(mask, lane)                                                  \
  ((mask) >> (lane) & 1                                                              \
       ? 0x03020100u + 0x04040404u * (uint32_t)__builtin_popcount((mask) & ((1 << (lane)) - 1)) \
       : 0xFFFFFFFFu)
#define ESP_BITMAP_1(m)                                                              \
  {ESP_BITMAP_LANE(m, 0), ESP_BITMAP_LANE(m, 1), ESP_BITMAP_LANE(m, 2), ESP_BITMAP_LANE(m, 3)}
#define ESP_BITMAP_4(m) \
  ESP_BITMAP_1(m), ESP_BITMAP_1((m) + 1), ESP_BITMAP_1((m) + 2), ESP_BITMAP_1((m) + 3)
static const uint32_t esp_bitmap_orders[16][4] = {ESP_BITMAP_4(0), ESP_BITMAP_4(4),
                                                  ESP_BITMAP_4(8), ESP_BITMAP_4(12)};

static inline esp_vec esp_bitmap_expand(const float *values, uint32_t mask) {
  const uint8x16_t order = vreinterpretq_u8_u32(vld1q_u32(esp_bitmap_orders[mask]));
  return vreinterpretq_f32_u8(vqtbl1q_u8(vreinterpretq_u8_f32(vld1q_f32(values)), order));
}
/// A table is quicker than the way of a number through a vector register and back.
static inline int esp_bitmap_kept(uint32_t mask) {
  static const uint8_t kept[16] = {0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4};
  return kept[mask];
}

#endif

enum {
  ESP_BITMAP_VECTORS = 16 / ESP_VEC_WIDTH,
  /// Columns whose sums differ, so that they do not wait for one another.
  ESP_BITMAP_TURNS = ESP_BITMAP_VECTORS >= 4 ? 1 : 4 / ESP_BITMAP_VECTORS,
  /// Floats that the stream is fetched ahead: 4 KiB, as for panels.
  ESP_BITMAP_AHEAD = 1024,
};

/// Multiplies one column with x; returns where the next column's values begin.
static inline __attribute__((always_inline)) const float *esp_bitmap_column(
    const float *values, uint32_t mask, float x, esp_vec sums[ESP_BITMAP_VECTORS]) {
#if ESP_VEC_WIDTH == 1
  for (; mask; mask &= mask - 1) sums[__builtin_ctz(mask)] += *values++ * x;
#else
  const esp_vec b = esp_vec_set(x);
  ESP_UNROLL for (int v = 0; v < ESP_BITMAP_VECTORS; v++) {
    const uint32_t part = mask >> (v * ESP_VEC_WIDTH) & ((1u << ESP_VEC_WIDTH) - 1);
    sums[v] = esp_vec_fma(esp_bitmap_expand(values, part), b, sums[v]);
    values += esp_bitmap_kept(part);
  }
#endif
  return values;
}

static void ESP_VEC_NAME(esp_bitmap)(const float *values, const uint16_t *masks, int32_t columns,
                                     const float *x, float *sums) {
  esp_vec acc[ESP_BITMAP_TURNS][ESP_BITMAP_VECTORS];
  ESP_UNROLL for (int t = 0; t < ESP_BITMAP_TURNS; t++) {
    ESP_UNROLL for (int v = 0; v < ESP_BITMAP_VECTORS; v++) acc[t][v] = esp_vec_set(0.0f);
  }
  int32_t k = 0;
  for (; k + ESP_BITMAP_TURNS <= columns; k += ESP_BITMAP_TURNS) {
    ESP_UNROLL for (int t = 0; t < ESP_BITMAP_TURNS; t++) {
      __builtin_prefetch(values + ESP_BITMAP_AHEAD);
      values = esp_bitmap_column(values, masks[k + t], x[k + t], acc[t]);
    }
  }
  for (; k < columns; k++) values = esp_bitmap_column(values, masks[k], x[k], acc[0]);
  ESP_UNROLL for (int v = 0; v < ESP_BITMAP_VECTORS; v++) {
    ESP_UNROLL for (int t = 1; t < ESP_BITMAP_TURNS; t++) {
      acc[0][v] = esp_vec_add(acc[0][v], acc[t][v]);
    }
    esp_vec_store(sums + v * ESP_VEC_WIDTH, acc[0][v]);
  }
}
