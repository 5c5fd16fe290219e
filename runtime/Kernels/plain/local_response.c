#include <math.h>

#include "plain.h"

enum { SLAB = 128 };

static void run(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)worker;
  const esp_local_response *response = arguments;
  int64_t inner = response->inner, channels = response->channels;
  int64_t before = (response->size - 1) / 2, after = response->size - 1 - before;
  float factor = response->alpha / (float)response->size;
  esp_range rows =
      esp_units(first, last, response->batch * channels, inner * response->size);
  for (int64_t at = rows.first; at < rows.last; at++) {
    int64_t c = at % channels;
    int64_t from = at - esp_minimum(before, c);
    int64_t to = at + esp_minimum(after, channels - 1 - c);
    for (int64_t start = 0; start < inner; start += SLAB) {
      int64_t n = esp_minimum(SLAB, inner - start);
      float sum[SLAB] = {0};
      for (int64_t row = from; row <= to; row++) {
        const float *x = response->x + row * inner + start;
        for (int64_t i = 0; i < n; i++) sum[i] += x[i] * x[i];
      }
      const float *x = response->x + at * inner + start;
      float *y = response->y + at * inner + start;
      if (response->beta == 0.75f) {  // the usual exponent needs but two roots
        for (int64_t i = 0; i < n; i++) {
          float root = sqrtf(response->bias + factor * sum[i]);
          y[i] = x[i] / (root * sqrtf(root));
        }
        continue;
      }
      for (int64_t i = 0; i < n; i++) {
        y[i] = x[i] * powf(response->bias + factor * sum[i], -response->beta);
      }
    }
  }
}

esp_task esp_local_response_task(esp_local_response *response, esp_isa isa) {
  (void)isa;
  int64_t rows = response->inner == 0 ? 0 : response->batch * response->channels;
  return esp_task_of_units(run, response, rows, response->inner * response->size);
}
