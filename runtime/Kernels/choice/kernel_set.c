#include "esp_kernel_sets.h"

#include "../depthwise/esp_depthwise.h"
#include "../feature/esp_feature.h"
#include "../matvec/esp_matvec.h"
#include "../pack/esp_pack.h"
#include "../pair/esp_pair.h"
#include "../panel/esp_panel.h"
#include "../pattern/esp_pattern.h"
#include "../winograd/esp_winograd.h"

#define ESP_SET(isa, vector_width)                                                             \
  extern const esp_panel_kernels esp_panel_##isa;                                              \
  extern const esp_pattern_kernels esp_pattern_##isa;                                          \
  extern const esp_pair_kernels esp_pair_##isa;                                                \
  extern const esp_pack_kernels esp_pack_##isa;                                                \
  extern const esp_matvec_kernels esp_matvec_##isa;                                            \
  extern const esp_depthwise_kernels esp_depthwise_##isa;                                      \
  extern const esp_feature_kernels esp_feature_##isa;                                          \
  extern const esp_winograd_kernels esp_winograd_##isa[2];                                     \
  static const esp_kernel_set esp_set_##isa = {                                                \
      .width = vector_width,                                                                   \
      .panel = &esp_panel_##isa,                                                               \
      .pattern = &esp_pattern_##isa,                                                           \
      .pair = &esp_pair_##isa,                                                                 \
      .pack = &esp_pack_##isa,                                                                 \
      .matvec = &esp_matvec_##isa,                                                             \
      .depthwise = &esp_depthwise_##isa,                                                       \
      .feature = &esp_feature_##isa,                                                           \
      .winograd = esp_winograd_##isa,                                                          \
  };

ESP_SET(scalar, 1)
#if defined(__x86_64__)
ESP_SET(avx2, 8)
ESP_SET(avx512, 16)
#elif defined(__aarch64__)
ESP_SET(neon, 4)
#endif

const esp_kernel_set *esp_kernel_set_for(esp_isa isa) {
  switch (isa) {
#if defined(__x86_64__)
    case ESP_ISA_AVX2: return &esp_set_avx2;
    case ESP_ISA_AVX512: return &esp_set_avx512;
#elif defined(__aarch64__)
    case ESP_ISA_NEON: return &esp_set_neon;
#endif
    default: return &esp_set_scalar;
  }
}
