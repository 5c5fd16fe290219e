// One kernel of each family on layers of real networks, ready to run: what is timed by the benchmarks
// and counted by Scripts/count-instructions.sh.
#ifndef KERNEL_CASES_H
#define KERNEL_CASES_H

#include <stdint.h>

int kernel_case_count(void);
/// Family and layer, for example "panels 8x1 70 % | ResNet-50 3x3 128>128 28x28".
const char *kernel_case_name(int index);

/// A case prepared for an instruction set (an esp_isa), with buffers of its own.
typedef struct kernel_run kernel_run;
kernel_run *kernel_run_make(int index, int isa);
void kernel_run_free(kernel_run *);

/// Tasks that run one after the other: 1, or 2 where the input is copied first.
int kernel_run_tasks(const kernel_run *);
int64_t kernel_run_items(const kernel_run *, int task);
/// Multiply-adds of all items without those by pruned weights, or about as much work as that.
int64_t kernel_run_work(const kernel_run *);
/// Runs items 0 ..< items of a task; later tasks need all of the earlier ones.
void kernel_run_part(kernel_run *, int task, int64_t items);

#endif
