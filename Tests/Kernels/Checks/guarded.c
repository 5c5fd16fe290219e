#define _GNU_SOURCE
#include "guarded.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "CEspalierKernelChecks.h"

enum { CANARY = 0x5A };

guarded guarded_make(size_t bytes, int at_start) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const size_t inner = (bytes + page - 1) / page * page + (bytes == 0 ? page : 0);
  guarded g = {.mapping_bytes = inner + 2 * page, .bytes = bytes};
  g.mapping = mmap(0, g.mapping_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (g.mapping == MAP_FAILED) abort();
  char *first = (char *)g.mapping + page;
  memset(first, CANARY, inner);
  g.memory = at_start ? first : first + inner - bytes;
  memset(g.memory, 0xFF, bytes);
  if (mprotect(g.mapping, page, PROT_NONE) != 0) abort();
  if (mprotect(first + inner, page, PROT_NONE) != 0) abort();
  return g;
}

int guarded_free(guarded *g) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  const char *first = (char *)g->mapping + page;
  const char *end = (char *)g->mapping + g->mapping_bytes - page;
  int intact = 1;
  for (const char *p = first; p < g->memory; p++) intact &= *p == CANARY;
  for (const char *p = g->memory + g->bytes; p < end; p++) intact &= *p == CANARY;
  munmap(g->mapping, g->mapping_bytes);
  return intact;
}

uint32_t random_next(random_source *r) {
  r->state += 0x9E3779B97F4A7C15u;
  uint64_t z = r->state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return (uint32_t)((z ^ (z >> 31)) >> 32);
}

int32_t random_below(random_source *r, int32_t bound) {
  return (int32_t)((uint64_t)random_next(r) * (uint64_t)bound >> 32);
}

float random_float(random_source *r) {
  return (float)(int32_t)random_next(r) * (1.0f / 2147483648.0f);
}

int esp_check_guard(int after) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGSEGV, SIG_DFL);  // a sanitizer would turn the signal into an exit
    guarded g = guarded_make(12, !after);
    const volatile float *f = (const volatile float *)g.memory;
    const float read = after ? f[3] : f[-1];
    _exit(read == read ? 0 : 1);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return 0;
  return WIFSIGNALED(status);
}
