// Reductions that are not sums or maxima of floats, one element at a time, and the common layout.
#include <math.h>

#include "reduce.h"

esp_reduction esp_reduction_of(const esp_reduce *reduce) {
  esp_reduction r = {.outputs = 1, .terms = 1, .outer = 1, .slabs = 1};
  int32_t last = reduce->rank - 1;
  r.last_kept = !reduce->reduced[last];
  r.run = reduce->dims[last];
  if (r.last_kept) r.slabs = esp_ceiling_quotient(r.run, ESP_REDUCE_SLAB);
  for (int32_t axis = 0; axis <= last; axis++) {
    int64_t extent = reduce->dims[axis];
    int64_t stride = esp_product(reduce->dims, axis + 1, reduce->rank);
    if (reduce->reduced[axis]) {
      r.terms *= extent;
    } else {
      r.outputs *= extent;
    }
    if (axis == last) break;
    if (reduce->reduced[axis]) {
      r.reduced_dims[r.reduced_rank] = extent;
      r.reduced_strides[r.reduced_rank++] = stride;
    } else {
      r.outer *= extent;
      r.kept_dims[r.kept_rank] = extent;
      r.kept_strides[r.kept_rank++] = stride;
    }
  }
  return r;
}

/// Merges neighbouring axes of the same fate and drops extents of 1.
static void simplify(esp_reduce *reduce) {
  int32_t kept = 0;
  for (int32_t axis = 0; axis < reduce->rank; axis++) {
    if (reduce->dims[axis] == 1) continue;
    if (kept > 0 && !reduce->reduced[kept - 1] == !reduce->reduced[axis]) {
      reduce->dims[kept - 1] *= reduce->dims[axis];
    } else {
      reduce->dims[kept] = reduce->dims[axis];
      reduce->reduced[kept++] = reduce->reduced[axis];
    }
  }
  if (kept == 0) {
    reduce->dims[0] = 1;
    reduce->reduced[kept++] = 1;
  }
  reduce->rank = kept;
}

/// What one output is made from: `terms` elements found by the walk, starting at x_at.
typedef struct column {
  const esp_reduce *reduce;
  int64_t x_at, terms;
  esp_walk walk;
} column;

static double result_of(esp_reduce_kind kind, double total, double greatest, int64_t terms) {
  switch (kind) {
    case ESP_REDUCE_MEAN: return total / (double)terms;
    case ESP_REDUCE_L2: return sqrt(total);
    case ESP_REDUCE_LOG_SUM: return log(total);
    case ESP_REDUCE_LOG_SUM_EXP: return isinf(greatest) ? greatest : greatest + log(total);
    default: return total;
  }
}

#define ESP_EACH_TERM(T, statement)                                              \
  esp_walk_start(&c->walk, 0);                                                   \
  for (int64_t i = 0; i < c->terms; i++) {                                       \
    T x = ((const T *)c->reduce->x)[c->x_at + c->walk.offset[0]];                \
    statement;                                                                   \
    esp_walk_advance(&c->walk, 1);                                               \
  }

// Sums that end in a root, logarithm or quotient, in double.
#define ESP_REAL(T)                                                              \
  static double real_##T(column *c) {                                            \
    esp_reduce_kind kind = c->reduce->kind;                                      \
    double total = kind == ESP_REDUCE_PROD ? 1 : 0, greatest = -INFINITY;        \
    if (kind == ESP_REDUCE_LOG_SUM_EXP) {                                        \
      ESP_EACH_TERM(T, greatest = (double)x > greatest ? (double)x : greatest)   \
      if (isinf(greatest)) return greatest;                                      \
      ESP_EACH_TERM(T, total += exp((double)x - greatest))                       \
    } else if (kind == ESP_REDUCE_L2) {                                          \
      ESP_EACH_TERM(T, total += (double)x * (double)x)                           \
    } else if (kind == ESP_REDUCE_PROD) {                                        \
      ESP_EACH_TERM(T, total *= (double)x)                                       \
    } else {                                                                     \
      ESP_EACH_TERM(T, total += (double)x)                                       \
    }                                                                            \
    return result_of(kind, total, greatest, c->terms);                           \
  }
ESP_REAL(float)
ESP_REAL(int32_t)
ESP_REAL(int64_t)

// Sums, products and extremes of integers, wrapping.
#define ESP_WHOLE(T, U, least, most)                                                        \
  static T whole_##T(column *c) {                                                           \
    esp_reduce_kind kind = c->reduce->kind;                                                 \
    T low = most, high = least;                                                             \
    U total = kind == ESP_REDUCE_PROD ? 1 : 0;                                              \
    switch (kind) {                                                                         \
      case ESP_REDUCE_MAX: ESP_EACH_TERM(T, high = x > high ? x : high) return high;        \
      case ESP_REDUCE_MIN: ESP_EACH_TERM(T, low = x < low ? x : low) return low;            \
      case ESP_REDUCE_PROD: ESP_EACH_TERM(T, total *= (U)x) break;                          \
      case ESP_REDUCE_L1: ESP_EACH_TERM(T, total += x < 0 ? 0 - (U)x : (U)x) break;         \
      case ESP_REDUCE_SUM_SQUARE: ESP_EACH_TERM(T, total += (U)x * (U)x) break;             \
      default: ESP_EACH_TERM(T, total += (U)x) break;                                       \
    }                                                                                       \
    return (T)total;                                                                        \
  }
ESP_WHOLE(int32_t, uint32_t, INT32_MIN, INT32_MAX)
ESP_WHOLE(int64_t, uint64_t, INT64_MIN, INT64_MAX)

// The first NaN wins, as in NumPy.
#define ESP_ARGUMENT(T)                                                                     \
  static int64_t argument_##T(column *c) {                                                  \
    bool largest = c->reduce->kind == ESP_REDUCE_ARG_MAX, any = c->reduce->select_last;     \
    int64_t best_at = 0;                                                                    \
    T best = 0;                                                                             \
    ESP_EACH_TERM(T, if (i == 0 || (x != x && best == best) ||                              \
                         (largest ? x > best : x < best) || (any && x == best)) {           \
      best = x;                                                                             \
      best_at = i;                                                                          \
    })                                                                                      \
    return best_at;                                                                         \
  }
ESP_ARGUMENT(float)
ESP_ARGUMENT(int32_t)
ESP_ARGUMENT(int64_t)

static int64_t saturate(double value, double limit, int64_t least, int64_t most) {
  if (value != value) return 0;
  return value <= -limit ? least : value >= limit ? most : (int64_t)value;
}

static void reduce_one(column *c, int64_t y_at) {
  const esp_reduce *reduce = c->reduce;
  void *y = reduce->y;
  bool argument = reduce->kind == ESP_REDUCE_ARG_MAX || reduce->kind == ESP_REDUCE_ARG_MIN;
  bool real = reduce->kind == ESP_REDUCE_MEAN || reduce->kind == ESP_REDUCE_L2 ||
              reduce->kind == ESP_REDUCE_LOG_SUM || reduce->kind == ESP_REDUCE_LOG_SUM_EXP;
  switch (reduce->type) {
    case ESP_I32:
      if (argument) {
        ((int64_t *)y)[y_at] = argument_int32_t(c);
      } else {
        ((int32_t *)y)[y_at] =
            real ? (int32_t)saturate(real_int32_t(c), 0x1p31, INT32_MIN, INT32_MAX)
                 : whole_int32_t(c);
      }
      return;
    case ESP_I64:
      if (argument) {
        ((int64_t *)y)[y_at] = argument_int64_t(c);
      } else {
        ((int64_t *)y)[y_at] = real ? saturate(real_int64_t(c), 0x1p63, INT64_MIN, INT64_MAX)
                                    : whole_int64_t(c);
      }
      return;
    default:
      if (argument) {
        ((int64_t *)y)[y_at] = argument_float(c);
      } else {
        ((float *)y)[y_at] = (float)real_float(c);
      }
      return;
  }
}

static void run(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)worker;
  const esp_reduce *reduce = arguments;
  int64_t dims[2][ESP_MAX_RANK], strides[2][ESP_MAX_RANK];  // [1]: of the reduced axes
  int32_t rank[2] = {0, 0};
  for (int32_t axis = 0; axis < reduce->rank; axis++) {
    int32_t side = reduce->reduced[axis] != 0;
    dims[side][rank[side]] = reduce->dims[axis];
    strides[side][rank[side]++] = esp_product(reduce->dims, axis + 1, reduce->rank);
  }
  column c = {.reduce = reduce, .terms = esp_product(dims[1], 0, rank[1])};
  c.walk = (esp_walk){
      .rank = rank[1], .operands = 1, .dims = dims[1], .strides = {strides[1]}};
  esp_walk kept = {.rank = rank[0], .operands = 1, .dims = dims[0], .strides = {strides[0]}};
  esp_range range = esp_units(first, last, esp_product(dims[0], 0, rank[0]), c.terms);
  if (range.first >= range.last) return;
  esp_walk_start(&kept, range.first);
  for (int64_t at = range.first; at < range.last; at++) {
    c.x_at = kept.offset[0];
    reduce_one(&c, at);
    esp_walk_advance(&kept, 1);
  }
}

static bool has_vector_form(const esp_reduce *reduce) {
  switch (reduce->kind) {
    case ESP_REDUCE_PROD: case ESP_REDUCE_LOG_SUM_EXP: return false;
    default: return reduce->type == ESP_F32;
  }
}

esp_task esp_reduce_task(esp_reduce *reduce, esp_isa isa) {
  simplify(reduce);
  esp_reduction r = esp_reduction_of(reduce);
  if (has_vector_form(reduce)) {
    return esp_task_of_units(ESP_PICK(isa, esp_reduce_run), reduce, esp_reduction_units(&r),
                             esp_reduction_cost(&r));
  }
  return esp_task_of_units(run, reduce, r.outputs, r.terms);
}
