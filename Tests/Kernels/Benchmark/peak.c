#define _GNU_SOURCE
#include "peak.h"

#include <time.h>

enum { ATTEMPTS = 20, ITEMS = 200 };

double seconds_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double measured_peak(esp_isa isa) {
  const esp_task task = esp_peak_task(isa, ITEMS);
  esp_worker worker = {0};
  double best = 0;
  for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
    const double begin = seconds_now();
    task.run(task.arguments, 0, task.items, &worker);
    const double rate = ITEMS * esp_peak_operations(isa) / (seconds_now() - begin);
    if (rate > best) best = rate;
  }
  return best;
}
