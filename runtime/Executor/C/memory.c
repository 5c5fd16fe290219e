#define _GNU_SOURCE
#include "CEspalierMemory.h"

#include <sys/mman.h>

void *esp_memory_map(size_t size) {
  if (size == 0) size = 1;
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return NULL;
#ifdef MADV_HUGEPAGE
  // Fewer address translations for large activations; a refusal costs only speed.
  if (size >= (size_t)1 << 21) madvise(memory, size, MADV_HUGEPAGE);
#endif
  return memory;
}

void esp_memory_unmap(void *memory, size_t size) {
  if (memory != NULL) munmap(memory, size == 0 ? 1 : size);
}
