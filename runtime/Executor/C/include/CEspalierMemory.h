// Memory for sessions: zeroed, page-aligned, and refusable, which Swift's own allocation is not.
#ifndef CESPALIER_MEMORY_H
#define CESPALIER_MEMORY_H

#include <stddef.h>

/// At least `size` zeroed bytes, 64-byte aligned, or null. Pages cost nothing until they are touched.
void *esp_memory_map(size_t size);
void esp_memory_unmap(void *memory, size_t size);

#ifdef ESP_MEMORY_GUARDED
/// Bytes behind each place of an allocation that nobody may touch: `Tests/Fuzz` puts them there.
enum { ESP_MEMORY_GAP = 64 };
void esp_memory_forbid(void *bytes, size_t count);
#else
enum { ESP_MEMORY_GAP = 0 };
static inline void esp_memory_forbid(void *bytes, size_t count) {
  (void)bytes;
  (void)count;
}
#endif

#endif
