#include <stdio.h>
#include <string.h>

#include "CEspalierKernelChecks.h"
#include "packing.h"
#include "running.h"

/// Winograd's transforms of weights of every remainder of rows, bit by bit as the reference has them.
int esp_check_transform(int isa, uint32_t seed, char *message, size_t size) {
  if (!esp_isa_available((esp_isa)isa)) {
    snprintf(message, size, "this processor has no %s", esp_isa_name((esp_isa)isa));
    return 1;
  }
  random_source r = {seed};
  for (int32_t i = 0; i < 280; i++) {
    const store_kind store = i % 2 ? STORE_WINOGRAD_4 : STORE_WINOGRAD_2;
    const int32_t rows = 1 + i / 2 % 70, columns = 9 * (1 + random_below(&r, 20));
    const int32_t count = rows * columns, at_start = random_below(&r, 2);
    guarded dense = guarded_make((size_t)count * sizeof(float), at_start);
    float *taps = (float *)dense.memory;
    fill_random(taps, count, 1, &r);
    // Zeros of both signs, and numbers that leave float32's range or its precision.
    for (int32_t j = 0; j < count; j += 1 + random_below(&r, 7)) {
      static const float rare[] = {0, -0.0f, 1e-40f, -3e38f, 2e-20f};
      taps[j] = rare[random_below(&r, 5)];
    }
    packed_weight packed = pack_weight(store, taps, rows, columns, 1, 1, 1, 1, at_start);
    guarded got = guarded_make(packed.transformed.bytes, at_start);
    esp_transform_weight(&packed.weight, (esp_isa)isa, (float *)got.memory);
    const int differs = memcmp(got.memory, packed.transformed.memory, got.bytes) != 0;
    int intact = guarded_free(&got);
    intact &= packed_free(&packed);
    intact &= guarded_free(&dense);
    if (differs || !intact) {
      snprintf(message, size, "%s transform: %dx%d, store %d: %s", esp_isa_name((esp_isa)isa), rows,
               columns, (int)store, intact ? "wrong" : "written beside a buffer");
      return 1;
    }
  }
  return 0;
}
