// What executions came to, counted for the report.
#ifndef ESPALIER_FUZZ_TALLY_H
#define ESPALIER_FUZZ_TALLY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum fuzz_count {
  FUZZ_EXECUTED,
  FUZZ_LOADED,     // passed the file's gates
  FUZZ_UNBOUND,    // of those, refused when a step met its kernel
  FUZZ_BOUND,      // of those, ready to run
  FUZZ_TOO_LARGE,  // of those, not run, since they honestly ask for much work
  FUZZ_RAN,        // of those, ran to the end
  FUZZ_FAULTED,    // of those, stopped at data that a step cannot accept
  FUZZ_THREADED,   // ran on more than one thread
  FUZZ_KIND,       // steps run, by kind
  FUZZ_PACKING,    // steps with a weight run, by packing
  FUZZ_SET,        // runs by instruction set
  FUZZ_IMPORTED,   // graphs read
  FUZZ_TYPED,      // of those, graphs whose every value got a type
  FUZZ_LOWERED,    // of those, graphs that became a packed model
  FUZZ_OPERATOR,   // nodes of typed graphs, by operator
  FUZZ_COUNTS,
} __attribute__((enum_extensibility(closed)));

void fuzz_tally(enum fuzz_count count, uint32_t which);
/// Keeps what was read from being optimised away.
void fuzz_see(uint8_t byte);

#ifdef __cplusplus
}
#endif
#endif
