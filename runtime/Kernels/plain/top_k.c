#include "plain.h"

// One column: a heap of k indices, kept in the column's own output so that no memory is needed. Its
// root is the element that comes last in the order; the column is then sorted by taking roots off.

typedef struct column {
  const esp_top_k *top_k;
  int64_t x_at;         // of the column's first element
  int64_t *indices;     // of the column's first result
  int64_t size;
} column;

// NaN counts as greater than every number, as in NumPy.
#define ESP_BEFORE(T)                                                        \
  {                                                                          \
    T p = ((const T *)c->top_k->x)[c->x_at + i * c->top_k->inner];           \
    T q = ((const T *)c->top_k->x)[c->x_at + j * c->top_k->inner];           \
    bool greater = p > q || (p != p && q == q);                              \
    bool less = p < q || (p == p && q != q);                                 \
    if (greater || less) return c->top_k->largest ? greater : less;          \
    return i < j;                                                            \
  }

/// Whether element i comes before element j in the result.
static bool before(const column *c, int64_t i, int64_t j) {
  switch (c->top_k->type) {
    case ESP_F32: ESP_BEFORE(float)
    case ESP_I32: ESP_BEFORE(int32_t)
    case ESP_I64: ESP_BEFORE(int64_t)
    case ESP_I8: ESP_BEFORE(int8_t)
    case ESP_U8: case ESP_BOOL: ESP_BEFORE(uint8_t)
  }
  return i < j;
}

static inline int64_t *slot(const column *c, int64_t at) {
  return c->indices + at * c->top_k->inner;
}

/// Puts `element` in the heap at the root's place or below.
static void sift_down(const column *c, int64_t at, int64_t element) {
  for (;;) {
    int64_t child = 2 * at + 1;
    if (child >= c->size) break;
    if (child + 1 < c->size && before(c, *slot(c, child), *slot(c, child + 1))) child++;
    if (!before(c, element, *slot(c, child))) break;
    *slot(c, at) = *slot(c, child);
    at = child;
  }
  *slot(c, at) = element;
}

static void run(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)worker;
  const esp_top_k *top_k = arguments;
  int64_t inner = top_k->inner, k = top_k->k;
  esp_range columns = esp_units(first, last, top_k->outer * inner, top_k->extent);
  for (int64_t at = columns.first; at < columns.last; at++) {
    int64_t outer = at / inner, i = at % inner, y_at = outer * k * inner + i;
    column c = {top_k, outer * top_k->extent * inner + i, top_k->indices + y_at, k};
    for (int64_t j = 0; j < k; j++) *slot(&c, j) = j;
    for (int64_t j = k / 2 - 1; j >= 0; j--) sift_down(&c, j, *slot(&c, j));
    for (int64_t j = k; j < top_k->extent; j++) {
      if (before(&c, j, *slot(&c, 0))) sift_down(&c, 0, j);
    }
    while (c.size > 1) {
      c.size--;
      int64_t last_leaf = *slot(&c, c.size);
      *slot(&c, c.size) = *slot(&c, 0);
      sift_down(&c, 0, last_leaf);
    }
    for (int64_t j = 0; j < k; j++) {
      esp_copy_element((int32_t)esp_type_size(top_k->type), top_k->values, y_at + j * inner,
                       top_k->x, c.x_at + *slot(&c, j) * inner);
    }
  }
}

esp_task esp_top_k_task(esp_top_k *top_k, esp_isa isa) {
  (void)isa;
  int64_t columns = top_k->k == 0 ? 0 : top_k->outer * top_k->inner;
  return esp_task_of_units(run, top_k, columns, top_k->extent);
}
