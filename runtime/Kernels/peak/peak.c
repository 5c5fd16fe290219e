#include "esp_peak_kernels.h"

extern const esp_peak_kernel esp_peak_scalar;
#if defined(__x86_64__)
extern const esp_peak_kernel esp_peak_avx2, esp_peak_avx512;
#elif defined(__aarch64__)
extern const esp_peak_kernel esp_peak_neon;
#endif

static const esp_peak_kernel *kernel_for(esp_isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case ESP_ISA_AVX2: return &esp_peak_avx2;
    case ESP_ISA_AVX512: return &esp_peak_avx512;
#elif defined(__aarch64__)
    case ESP_ISA_NEON: return &esp_peak_neon;
#endif
    default: return &esp_peak_scalar;
  }
}

double esp_peak_operations(esp_isa isa) {
  return 2.0 * kernel_for(isa)->lanes * ESP_PEAK_CHAINS * ESP_PEAK_ROUNDS;
}

esp_task esp_peak_task(esp_isa isa, int64_t items) {
  return (esp_task){.run = kernel_for(isa)->run, .items = items};
}
