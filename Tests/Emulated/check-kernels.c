// Runs every check of the kernels for the instruction sets named: what Swift Testing does on the host,
// where only C runs.
//
//   check-kernels SEED ISA ...
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CEspalierKernelChecks.h"
#include "esp_checks_plain.h"

typedef int contraction_check(int isa, uint32_t seed, char *message, size_t size);

static const struct {
  const char *name;
  contraction_check *check;
} contractions[] = {
    {"vector functions", esp_check_math},
    {"convolution", esp_check_convolution},
    {"depthwise", esp_check_depthwise},
    {"winograd", esp_check_winograd},
    {"weight transform", esp_check_transform},
    {"linear", esp_check_linear},
    {"matrix product", esp_check_matrix_product},
    {"attention", esp_check_attention},
};

static int failures, checks;

static void report(const char *isa, const char *name, int failed, const char *message) {
  checks++;
  if (failed) {
    failures++;
    printf("FAILED  %-8s %-24s %s\n", isa, name, message);
  } else {
    printf("passed  %-8s %s\n", isa, name);
  }
  fflush(stdout);
}

int main(int count, char **words) {
  if (count < 3) {
    fprintf(stderr, "usage: check-kernels SEED ISA ...\n");
    return 64;
  }
  const unsigned long long seed = strtoull(words[1], 0, 10);
  char message[1024];
  printf("seed %llu\n", seed);
  if (!esp_check_guard(0) || !esp_check_guard(1)) {
    printf("FAILED  the pages around buffers do not stop a read beyond them\n");
    return 1;
  }
  for (int word = 2; word < count; word++) {
    int isa = 0;
    while (isa < 4 && strcmp(esp_isa_name((esp_isa)isa), words[word]) != 0) isa++;
    if (isa == 4 || !esp_isa_available((esp_isa)isa)) {
      fprintf(stderr, "check-kernels: no instruction set %s here\n", words[word]);
      return 69;
    }
    for (size_t i = 0; i < sizeof contractions / sizeof contractions[0]; i++) {
      message[0] = 0;
      const int failed = contractions[i].check(isa, (uint32_t)seed, message, sizeof message);
      report(words[word], contractions[i].name, failed, message);
    }
    const esp_plain_check_entry *entry;
    for (size_t i = 0; (entry = esp_plain_check_at(i)); i++) {
      message[0] = 0;
      const int failed = entry->check((esp_isa)isa, seed, message, sizeof message);
      report(words[word], entry->name, failed, message);
    }
  }
  printf("%d of %d checks failed\n", failures, checks);
  return failures != 0;
}
