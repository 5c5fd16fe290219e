// Prints the multiply-add peak of one core in GFLOP/s, with the instruction set named.
//
//   usage: peak scalar|neon|avx2|avx512
#include <stdio.h>
#include <string.h>

#include "../../Kernels/Benchmark/peak.h"

int main(int count, char **words) {
  for (int isa = 0; count == 2 && isa <= ESP_ISA_AVX512; isa++) {
    if (strcmp(words[1], esp_isa_name((esp_isa)isa))) continue;
    printf("%.1f\n", measured_peak((esp_isa)isa) * 1e-9);
    return 0;
  }
  return 64;
}
