#include "plain.h"

esp_task esp_resample_task(esp_resample *resample, esp_isa isa) {
  // A unit is a row y[o][j][0 ..< inner], or all samples of an o where inner is 1.
  bool narrow = resample->inner == 1;
  int64_t units = resample->inner == 0 || resample->samples == 0 ? 0
                  : narrow ? resample->outer
                           : resample->outer * resample->samples;
  int64_t cost = (narrow ? resample->samples : resample->inner) * resample->taps;
  return esp_task_of_units(ESP_PICK(isa, esp_resample_run), resample, units, cost);
}
