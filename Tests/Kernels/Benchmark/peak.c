#define _GNU_SOURCE
#include "peak.h"

#include <time.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

enum { CHAINS = 12, ROUNDS = 2000000 };

double seconds_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// Twelve chains cover the latency of any multiply-add; the empty statement keeps each round's work.
#define CHAIN_LOOP(type, set, fma, keep)                                   \
  type v[CHAINS], factor = set(0.999f), term = set(0.001f);                \
  for (int i = 0; i < CHAINS; i++) v[i] = set((float)i);                   \
  for (long n = 0; n < ROUNDS; n++) {                                      \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < CHAINS; i++) {  \
      v[i] = fma;                                                          \
      __asm__ volatile("" : "+" keep(v[i]));                               \
    }                                                                      \
  }

#if defined(__x86_64__)
__attribute__((target("avx512f"), noinline)) static int loop_avx512(void) {
  CHAIN_LOOP(__m512, _mm512_set1_ps, _mm512_fmadd_ps(v[i], factor, term), "v")
  return 16;
}
__attribute__((target("avx2,fma"), noinline)) static int loop_avx2(void) {
  CHAIN_LOOP(__m256, _mm256_set1_ps, _mm256_fmadd_ps(v[i], factor, term), "x")
  return 8;
}
#elif defined(__aarch64__)
__attribute__((noinline)) static int loop_neon(void) {
  CHAIN_LOOP(float32x4_t, vdupq_n_f32, vfmaq_f32(term, v[i], factor), "w")
  return 4;
}
#endif

static float set_one(float x) { return x; }
__attribute__((noinline)) static int loop_scalar(void) {
#if defined(__aarch64__)
  CHAIN_LOOP(float, set_one, v[i] * factor + term, "w")
#else
  CHAIN_LOOP(float, set_one, v[i] * factor + term, "x")
#endif
  return 1;
}

double measured_peak(esp_isa isa) {
  double best = 0;
  for (int attempt = 0; attempt < 5; attempt++) {
    const double begin = seconds_now();
    int lanes = 0;
    switch (isa) {
#if defined(__x86_64__)
      case ESP_ISA_AVX512: lanes = loop_avx512(); break;
      case ESP_ISA_AVX2: lanes = loop_avx2(); break;
#elif defined(__aarch64__)
      case ESP_ISA_NEON: lanes = loop_neon(); break;
#endif
      default: lanes = loop_scalar();
    }
    const double rate = 2.0 * lanes * CHAINS * ROUNDS / (seconds_now() - begin);
    if (rate > best) best = rate;
  }
  return best;
}
