// Independent chains of multiply-adds: as many as cover the latency of any multiply-add unit here.
// Included once for each instruction set, which defines a vector of floats `lanes`, SET(x) and
// MULTIPLY_ADD(chain, factor, term): the chain one multiply-add later, without a copy of a register.
// Where it can, the chain is a factor and settles at 1: chains that keep changing ran a tenth slower
// on one x86 processor, perhaps at a lower clock.
#include "esp_peak_kernels.h"

static void run_peak(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)arguments, (void)worker;
  const lanes factor = SET(0.999f), term = SET(0.001f);
  lanes chain[ESP_PEAK_CHAINS];
  for (int i = 0; i < ESP_PEAK_CHAINS; i++) chain[i] = SET((float)i);
  for (int64_t round = (last - first) * ESP_PEAK_ROUNDS; round > 0; round--) {
    _Pragma("clang loop unroll(full)") for (int i = 0; i < ESP_PEAK_CHAINS; i++) {
      chain[i] = MULTIPLY_ADD(chain[i], factor, term);
    }
  }
  // Chains that nobody reads would not be computed.
  volatile lanes kept;
  for (int i = 0; i < ESP_PEAK_CHAINS; i++) kept = chain[i];
  (void)kept;
}
