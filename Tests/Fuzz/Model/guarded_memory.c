// Memory of sessions in a fuzzed build, in place of runtime/Executor/C: blocks of exactly the size asked
// for, zeroed. With the address sanitizer their gaps, and what a step has no business with, are watched;
// without it each ends at a page that nobody may touch.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "CEspalierMemory.h"
#include "guard.h"

#ifdef FUZZ_WITHOUT_SANITIZER

enum { page = 65536 };

static size_t rounded(size_t size) { return (size + page) / page * page; }

void *esp_memory_map(size_t size) {
  uint8_t *pages = mmap(NULL, rounded(size) + page, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return NULL;
  uint8_t *end = pages + rounded(size);
  if (mprotect(end, page, PROT_NONE) != 0) return NULL;
  return end - (size + 63) / 64 * 64;
}

void esp_memory_unmap(void *memory, size_t size) {
  if (memory == NULL) return;
  munmap((uint8_t *)memory + (size + 63) / 64 * 64 - rounded(size), rounded(size) + page);
}

void fuzz_forbid(const void *bytes, size_t count) { (void)bytes, (void)count; }
void fuzz_allow(const void *bytes, size_t count) { (void)bytes, (void)count; }

#else

// As sanitizer/asan_interface.h has them, whose macros do nothing in a file that is not itself checked.
void __asan_poison_memory_region(const volatile void *bytes, size_t count);
void __asan_unpoison_memory_region(const volatile void *bytes, size_t count);

void *esp_memory_map(size_t size) {
  void *memory = NULL;
  if (posix_memalign(&memory, 64, size == 0 ? 1 : size) != 0) return NULL;
  memset(memory, 0, size);
  return memory;
}

void esp_memory_unmap(void *memory, size_t size) {
  if (memory == NULL) return;
  fuzz_allow(memory, size);
  free(memory);
}

void fuzz_forbid(const void *bytes, size_t count) { __asan_poison_memory_region(bytes, count); }
void fuzz_allow(const void *bytes, size_t count) { __asan_unpoison_memory_region(bytes, count); }

#endif

void esp_memory_forbid(void *bytes, size_t count) { fuzz_forbid(bytes, count); }
