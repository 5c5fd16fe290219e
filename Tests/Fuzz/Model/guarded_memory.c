// Memory of sessions in a fuzzed build, in place of runtime/Executor/C: blocks of exactly the size asked
// for, zeroed, whose gaps the address sanitizer watches.
#include <sanitizer/asan_interface.h>
#include <stdlib.h>
#include <string.h>

#include "CEspalierMemory.h"
#include "guard.h"

void *esp_memory_map(size_t size) {
  void *memory = NULL;
  if (posix_memalign(&memory, 64, size == 0 ? 1 : size) != 0) return NULL;
  memset(memory, 0, size);
  return memory;
}

void esp_memory_unmap(void *memory, size_t size) {
  if (memory == NULL) return;
  ASAN_UNPOISON_MEMORY_REGION(memory, size);
  free(memory);
}

void esp_memory_forbid(void *bytes, size_t count) { ASAN_POISON_MEMORY_REGION(bytes, count); }

void fuzz_forbid(const void *bytes, size_t count) { ASAN_POISON_MEMORY_REGION(bytes, count); }

void fuzz_allow(const void *bytes, size_t count) { ASAN_UNPOISON_MEMORY_REGION(bytes, count); }
