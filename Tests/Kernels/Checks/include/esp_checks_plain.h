// Checks of the plain kernels and the thread pool: each kernel against an obvious reference in double,
// on many random small cases, with guard pages around every buffer.
#ifndef ESP_CHECKS_PLAIN_H
#define ESP_CHECKS_PLAIN_H

#include <stddef.h>
#include <stdint.h>

#include "esp_task.h"

/// Returns 0 if all is well; otherwise writes what went wrong and returns 1.
typedef int esp_plain_check(esp_isa, uint64_t seed, char *message, size_t capacity);

esp_plain_check esp_check_plain_unary, esp_check_plain_binary, esp_check_plain_select,
    esp_check_plain_cast, esp_check_plain_fill, esp_check_plain_quantize, esp_check_plain_copy,
    esp_check_plain_gather, esp_check_plain_gather_elements, esp_check_plain_gather_nd,
    esp_check_plain_scatter_nd, esp_check_plain_scatter_elements, esp_check_plain_one_hot,
    esp_check_plain_triangle, esp_check_plain_resample, esp_check_plain_reduce,
    esp_check_plain_softmax, esp_check_plain_normalize, esp_check_plain_pool,
    esp_check_plain_cumulative_sum, esp_check_plain_top_k, esp_check_plain_local_response,
    esp_check_plain_contract, esp_check_plain_convolution, esp_check_plain_recurrent,
    esp_check_plain_special_values, esp_check_plain_empty, esp_check_threads;

typedef struct esp_plain_check_entry {
  const char *name;
  esp_plain_check *check;
} esp_plain_check_entry;

/// All of the above.
extern const esp_plain_check_entry esp_plain_checks[];
extern const size_t esp_plain_check_count;

/// The same for Swift, which imports no array of unknown length.
const char *esp_plain_check_name(size_t index);
int esp_plain_check_run(size_t index, esp_isa, uint64_t seed, char *message, size_t capacity);

#endif
