// Counts the process's calls of malloc and its kin, for the promise that a run allocates nothing.
#ifndef CESPALIER_ALLOCATION_COUNT_H
#define CESPALIER_ALLOCATION_COUNT_H

#include <stdint.h>

/// Whether allocations are counted; under AddressSanitizer they are its own.
int esp_allocations_are_counted(void);
/// Allocations by all threads since the process started.
uint64_t esp_allocation_count(void);

#endif
