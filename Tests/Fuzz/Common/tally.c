// Counts are printed at the end, and while libFuzzer runs written to the file that ESPALIER_FUZZ_TALLY
// names, so that a process which is killed has been counted too.
#include "tally.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { most = 256, executions_per_writing = 1 << 14 };

static uint64_t counts[FUZZ_COUNTS][most];
static volatile uint8_t seen;

static void write_counts(void) {
  static const char *const names[FUZZ_COUNTS] = {
      "executed", "loaded", "unbound", "bound", "too-large", "ran",
      "faulted", "threaded", "kind", "packing", "set", "imported", "typed", "lowered", "operator"};
  const char *path = getenv("ESPALIER_FUZZ_TALLY");
  if (path == NULL) return;
  char beside[4096];
  if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside) return;
  FILE *file = fopen(beside, "w");
  if (file == NULL) return;
  for (int count = 0; count < FUZZ_COUNTS; count++) {
    const bool is_table = count == FUZZ_KIND || count == FUZZ_PACKING || count == FUZZ_SET
                          || count == FUZZ_OPERATOR;
    for (int which = 0; which < most; which++) {
      if (counts[count][which] == 0) continue;
      fprintf(file, "%s", names[count]);
      if (is_table) fprintf(file, " %d", which);
      fprintf(file, " %llu\n", (unsigned long long)counts[count][which]);
    }
  }
  if (fclose(file) == 0) rename(beside, path);
}

void fuzz_tally(enum fuzz_count count, uint32_t which) {
  counts[count][which % most]++;
  if (count != FUZZ_EXECUTED) return;
  if (counts[count][0] == 1) atexit(write_counts);
  if (counts[count][0] % executions_per_writing == 0) write_counts();
}

void fuzz_see(uint8_t byte) { seen = byte; }
