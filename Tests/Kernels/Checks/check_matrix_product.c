#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../../../runtime/Kernels/reference/esp_reference.h"
#include "CEspalierKernelChecks.h"
#include "running.h"

static int run_case(esp_isa isa, esp_matrix_product *m, int at_start, int residual_kind,
                    random_source *r, char *message, size_t size) {
  const int64_t a_size = (int64_t)m->m * m->k, b_size = (int64_t)m->k * m->n;
  const int64_t output = (int64_t)m->batch * m->m * m->n;
  const size_t bytes = (size_t)output * sizeof(float);
  // Every batch its own A; batches share B by twos, as grouped attention does.
  int64_t a_offsets[8], b_offsets[8];
  for (int32_t i = 0; i < m->batch; i++) {
    a_offsets[i] = i * a_size;
    b_offsets[i] = i / 2 * b_size;
  }
  guarded a = guarded_make((size_t)(a_size * m->batch) * sizeof(float), at_start);
  guarded b = guarded_make((size_t)(b_size * ((m->batch + 1) / 2)) * sizeof(float), at_start);
  guarded c = guarded_make(bytes, at_start), want = guarded_make(bytes, 0);
  guarded residual = guarded_make(bytes, at_start);
  fill_random((float *)a.memory, (int64_t)a.bytes / 4, 1, r);
  fill_random((float *)b.memory, (int64_t)b.bytes / 4, 1, r);
  fill_random((float *)residual.memory, output, 1, r);
  m->a = (const float *)a.memory;
  m->b = (const float *)b.memory;
  m->a_offsets = a_offsets;
  m->b_offsets = b_offsets;
  m->scale = 1 / sqrtf((float)m->k);
  if (residual_kind) m->epilogue.residual = (const float *)residual.memory;
  m->c = (float *)want.memory;
  esp_reference_matrix_product(m);
  m->c = (float *)c.memory;
  if (residual_kind == 2) {
    memcpy(c.memory, residual.memory, bytes);
    m->epilogue.residual = m->c;
  }
  run_memory memory = run_memory_make(esp_matrix_product_requirements(m, isa), at_start);
  esp_task tasks[2];
  const char *kernel = "";
  const int count = esp_matrix_product_prepare(m, isa, memory.prepared.memory, memory.shared.memory,
                                               tasks, &kernel);
  run_tasks(tasks, count, &memory, r);
  const int64_t wrong = first_difference(m->c, (float *)want.memory, output, 2e-5f);
  int failed = wrong >= 0;
  const float got = failed ? m->c[wrong] : 0, wanted = failed ? ((float *)want.memory)[wrong] : 0;
  int intact = run_memory_free(&memory);
  intact &= guarded_free(&a);
  intact &= guarded_free(&b);
  intact &= guarded_free(&c);
  intact &= guarded_free(&residual);
  guarded_free(&want);
  failed |= !intact;
  if (failed) {
    snprintf(message, size,
             "%s %s: %d of %d x %d x %d, transposed %d %d, activation %d, residual %d: %s at %lld: "
             "%g, not %g",
             esp_isa_name(isa), kernel, m->batch, m->m, m->n, m->k, m->transpose_a,
             m->transpose_b, (int)m->epilogue.activation, residual_kind,
             intact ? "wrong" : "written beside a buffer", (long long)wrong, got, wanted);
  }
  return failed;
}

int esp_check_matrix_product(int isa, uint32_t seed, char *message, size_t size) {
  if (!esp_isa_available((esp_isa)isa)) {
    snprintf(message, size, "this processor has no %s", esp_isa_name((esp_isa)isa));
    return 1;
  }
  random_source r = {seed};
  for (int i = 0; i < 500; i++) {
    esp_matrix_product m = {.batch = 1 + random_below(&r, 5),
                            .m = random_extent(&r, 60),
                            .n = i < 132 ? 1 + i / 4 : random_extent(&r, 120),
                            .k = i % 50 == 49 ? 3000 : random_extent(&r, 100),
                            .transpose_a = i & 1,
                            .transpose_b = (i >> 1) & 1,
                            .epilogue = random_epilogue(&r)};
    const int at_start = random_below(&r, 2), residual = random_below(&r, 3);
    if (run_case((esp_isa)isa, &m, at_start, residual, &r, message, size)) return 1;
  }
  return 0;
}
