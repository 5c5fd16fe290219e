#include "plain.h"

esp_task esp_normalize_task(esp_normalize *normalize, esp_isa isa) {
  int64_t groups = normalize->extent == 0 ? 0 : normalize->groups;
  return esp_task_of_units(ESP_PICK(isa, esp_normalize_run), normalize, groups,
                           normalize->extent);
}
