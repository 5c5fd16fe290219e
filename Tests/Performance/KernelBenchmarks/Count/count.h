// Counts the instructions of kernels that run between two calls.
//
// Kernels are compiled into a section of their own, "kernels": only what executes there counts, not
// the C library, whose copies differ from processor to processor. On x86-64 the processor stops after
// each instruction (the trap flag) and a signal handler counts, so no performance counters, no
// debugger and no privileges are needed; some 10 microseconds each. Elsewhere an emulator's log is
// counted by Scripts/count-instructions.sh, which sees these two functions being called.
#ifndef COUNT_H
#define COUNT_H

#include <stdint.h>

/// Whether counting works here, tried out on a loop of known length.
int count_works(void);
void count_begin(void);
/// What was counted since count_begin, or -1 where an emulator does that.
int64_t count_end(void);

#endif
