// Memory for sessions: zeroed, page-aligned, and refusable, which Swift's own allocation is not.
#ifndef CESPALIER_MEMORY_H
#define CESPALIER_MEMORY_H

#include <stddef.h>

/// At least `size` zeroed bytes, 64-byte aligned, or null. Pages cost nothing until they are touched.
void *esp_memory_map(size_t size);
void esp_memory_unmap(void *memory, size_t size);

#endif
