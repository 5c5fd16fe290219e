#include "recurrent.h"

// Scratch holds, in floats: gate sums [gates*hidden], the recurrent part of them [gates*hidden],
// h [hidden], c [hidden], reset h [hidden].
size_t esp_recurrent_scratch(const esp_recurrent *net) {
  return (size_t)((2 * esp_recurrent_gates(net) + 3) * net->hidden) * sizeof(float);
}

esp_task esp_recurrent_task(esp_recurrent *net, esp_isa isa) {
  // One item is one (direction, batch entry): sequences are independent of each other.
  return (esp_task){ESP_PICK(isa, esp_recurrent_run), net,
                    esp_recurrent_directions(net) * net->batch, 0};
}
