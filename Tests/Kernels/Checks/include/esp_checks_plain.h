// Checks of the plain kernels and the thread pool: each kernel against an obvious reference in double,
// on many random small cases, with guard pages around every buffer.
#ifndef ESP_CHECKS_PLAIN_H
#define ESP_CHECKS_PLAIN_H

#include <stddef.h>
#include <stdint.h>

#include "esp_task.h"

/// Returns 0 if all is well; otherwise writes what went wrong and returns 1.
typedef int esp_plain_check(esp_isa, uint64_t seed, char *message, size_t capacity);

typedef struct esp_plain_check_entry {
  const char *name;
  esp_plain_check *check;
} esp_plain_check_entry;

/// The checks of each file `plain_*.c`, of which the last has neither name nor function.
extern const esp_plain_check_entry esp_checks_elementwise[], esp_checks_movement[],
    esp_checks_reductions[], esp_checks_products[], esp_checks_special[];

esp_plain_check esp_check_threads;

/// One of all of them, counted from 0; null behind the last.
const esp_plain_check_entry *esp_plain_check_at(size_t index);

#endif
