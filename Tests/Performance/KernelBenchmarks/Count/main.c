// Prints how many instructions each case of kernel_cases.h takes.
//
//   count-kernels [ISA ...]      scalar, neon, avx2, avx512; all that this processor has
//
// One line per task: instruction set | family | layer | task | instructions | items | of items.
// Only so many items run that counting stays quick; they are alike but for the edges.
#include <stdio.h>
#include <string.h>

#include "CEspalierKernels.h"
#include "count.h"
#include "kernel_cases.h"

/// Vectors of multiply-adds to count, about; and beyond which a single item is left out.
enum { ENOUGH = 6000, TOO_MANY = 40000 };

static void count_case(int index, esp_isa isa) {
  static const int lanes[] = {[ESP_ISA_SCALAR] = 1, [ESP_ISA_NEON] = 4, [ESP_ISA_AVX2] = 8,
                              [ESP_ISA_AVX512] = 16};
  kernel_run *run = kernel_run_make(index, isa);
  const int tasks = kernel_run_tasks(run);
  const double vectors = (double)kernel_run_work(run) / lanes[isa];
  for (int t = 0; t < tasks; t++) {
    const int64_t items = kernel_run_items(run, t);
    int64_t part = (int64_t)((double)items * ENOUGH / vectors);
    part = part < 1 ? 1 : part > items ? items : part;
    if (vectors / (double)items * (double)part > TOO_MANY) continue;
    count_begin();
    kernel_run_part(run, t, part);
    const int64_t count = count_end();
    printf("%s | %s | %d | %lld | %lld | %lld\n", esp_isa_name(isa), kernel_case_name(index), t + 1,
           (long long)count, (long long)part, (long long)items);
    fflush(stdout);
    if (t + 1 < tasks) kernel_run_part(run, t, items);  // later tasks need the whole
  }
  kernel_run_free(run);
}

int main(int count, char **words) {
  if (!count_works()) {
    fprintf(stderr, "count-kernels: this machine does not step through instructions\n");
    return 69;
  }
  for (int isa = ESP_ISA_SCALAR; isa <= ESP_ISA_AVX512; isa++) {
    int wanted = count < 2;
    for (int i = 1; i < count; i++) wanted |= strcmp(words[i], esp_isa_name((esp_isa)isa)) == 0;
    if (!wanted || !esp_isa_available((esp_isa)isa)) continue;
    for (int i = 0; i < kernel_case_count(); i++) count_case(i, (esp_isa)isa);
  }
  return 0;
}
