// Counts the process's calls of malloc and its kin, for the promise that a run allocates nothing.
#ifndef CESPALIER_ALLOCATION_COUNT_H
#define CESPALIER_ALLOCATION_COUNT_H

#include <stdint.h>

/// Allocations by all threads since the process started.
uint64_t esp_allocation_count(void);

#endif
