#include "softmax.h"

esp_task esp_softmax_task(esp_softmax *softmax, esp_isa isa) {
  esp_task_function run = ESP_PICK(isa, esp_softmax_run);
  return esp_task_of_units(run, softmax, esp_softmax_units(softmax), esp_softmax_cost(softmax));
}
