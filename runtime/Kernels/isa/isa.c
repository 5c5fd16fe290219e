// Which instruction sets this processor has, found out when asked: there is no global state.
#include "esp_task.h"

int esp_isa_available(esp_isa isa) {
  switch (isa) {
    case ESP_ISA_SCALAR: return 1;
#if defined(__aarch64__)
    case ESP_ISA_NEON: return 1;  // part of the base architecture
#elif defined(__x86_64__)
    case ESP_ISA_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case ESP_ISA_AVX512:
      return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
             __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
             __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    default: return 0;
  }
}

esp_isa esp_detect_isa(void) {
  static const esp_isa best_first[] = {ESP_ISA_AVX512, ESP_ISA_AVX2, ESP_ISA_NEON};
  for (int i = 0; i < 3; i++) {
    if (esp_isa_available(best_first[i])) return best_first[i];
  }
  return ESP_ISA_SCALAR;
}

const char *esp_isa_name(esp_isa isa) {
  switch (isa) {
    case ESP_ISA_NEON: return "neon";
    case ESP_ISA_AVX2: return "avx2";
    case ESP_ISA_AVX512: return "avx512";
    default: return "scalar";
  }
}
