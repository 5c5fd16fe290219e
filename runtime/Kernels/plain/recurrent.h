// The sizes of a recurrent network.
#ifndef ESP_RECURRENT_H
#define ESP_RECURRENT_H

#include "plain.h"

static inline int64_t esp_recurrent_gates(const esp_recurrent *net) {
  return net->kind == ESP_LSTM ? 4 : net->kind == ESP_GRU ? 3 : 1;
}

static inline int64_t esp_recurrent_directions(const esp_recurrent *net) {
  return net->direction == 2 ? 2 : 1;
}

#endif
