#define _GNU_SOURCE
#include "count.h"

#include <signal.h>
#include <stddef.h>
#include <ucontext.h>

#if defined(__x86_64__)
// The linker marks the ends of the section.
extern const char __start_kernels[], __stop_kernels[];
static volatile int64_t counted;

static void step(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  const char *at = (const char *)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
  if (at >= __start_kernels && at < __stop_kernels) counted++;
}

// The flags go by the stack, below what the compiler may keep there without saying so.
#define CHANGE_FLAGS(change)                                                                  \
  __asm__ volatile("lea -128(%%rsp), %%rsp; pushfq; " change ", (%%rsp); popfq; "             \
                   "lea 128(%%rsp), %%rsp" ::: "memory", "cc")

void count_begin(void) {
  const struct sigaction action = {.sa_sigaction = step, .sa_flags = SA_SIGINFO};
  sigaction(SIGTRAP, &action, NULL);
  counted = 0;
  CHANGE_FLAGS("orq $0x100");
}

int64_t count_end(void) {
  CHANGE_FLAGS("andq $~0x100");
  return counted;
}

__attribute__((section("kernels"), noinline)) static void known_loop(void) {
  __asm__ volatile("mov $1000, %%ecx; 1: dec %%ecx; jnz 1b" ::: "ecx", "cc");
}

int count_works(void) {
  count_begin();
  known_loop();
  const int64_t once = count_end();
  return once > 2000 && once < 2020;  // the loop, and how the function begins and ends
}
#else
int count_works(void) { return 1; }
__attribute__((section("kernels"), noinline)) void count_begin(void) { __asm__ volatile(""); }
__attribute__((section("kernels"), noinline)) int64_t count_end(void) {
  __asm__ volatile("");
  return -1;
}
#endif
