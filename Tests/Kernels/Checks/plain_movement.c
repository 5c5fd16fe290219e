// Copy, gathers, scatters, one-hot, triangle, resample, grid sample.
#include "plain_support.h"
#include <stdlib.h>


static const esp_type element_types[] = {ESP_F32, ESP_I64, ESP_U8};

static esp_type element_type(check *c) { return element_types[check_random(c) % 3]; }

/// Indices within -extent ..< extent.
static void *indices(check *c, esp_type type, int64_t count, int64_t extent) {
  void *index = check_input(c, (size_t)count * check_size(type));
  for (int64_t i = 0; i < count; i++) {
    int64_t value = check_integer(c, -extent, extent - 1);
    if (type == ESP_I32) {
      ((int32_t *)index)[i] = (int32_t)value;
    } else {
      ((int64_t *)index)[i] = value;
    }
  }
  return index;
}

static int64_t resolved(esp_type type, const void *index, int64_t at, int64_t extent) {
  int64_t value = check_whole(type, index, at);
  return value < 0 ? value + extent : value;
}

static int esp_check_plain_copy(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  while (check_next(&c, 400)) {
    esp_type type = element_type(&c);
    int32_t rank = (int32_t)check_integer(&c, 0, 4);
    esp_copy arguments = {.element_size = (int32_t)check_size(type), .rank = rank};
    // y is a window of a larger dense tensor; x is dense over permuted, sliced, stretched axes.
    int64_t dims[4], outer[4], low[4], held[4], first[4], step[4], x_dense[4], y_dense[4];
    int order[4] = {0, 1, 2, 3};
    int64_t total = 1;
    for (int axis = 0; axis < rank; axis++) {
      dims[axis] = total > 4000 ? check_integer(&c, 1, 3) : check_extent(&c);
      total *= dims[axis];
      bool whole = check_random(&c) % 3 != 0;
      low[axis] = whole ? 0 : check_integer(&c, 0, 2);
      outer[axis] = low[axis] + dims[axis] + (whole ? 0 : check_integer(&c, 0, 2));
      int other = (int)check_integer(&c, 0, axis);
      int kept = order[axis];
      order[axis] = order[other];
      order[other] = kept;
      int64_t choice = check_integer(&c, 0, 7);
      step[axis] = choice == 0 ? 0 : choice == 1 ? 2 : choice == 2 ? -1 : 1;
      held[axis] = step[axis] == 0 ? 1 : (dims[axis] - 1) * llabs(step[axis]) + 1;
      first[axis] = step[axis] < 0 ? held[axis] - 1 : 0;
    }
    check_dense(rank, outer, y_dense);
    int64_t stride = 1;
    for (int i = rank - 1; i >= 0; i--) {  // x's own axis order
      x_dense[order[i]] = stride;
      stride *= held[order[i]];
    }
    for (int axis = 0; axis < rank; axis++) {
      arguments.dims[axis] = dims[axis];
      arguments.x_offset += first[axis] * x_dense[axis];
      arguments.x_strides[axis] = step[axis] * x_dense[axis];
      arguments.y_offset += low[axis] * y_dense[axis];
      arguments.y_strides[axis] = y_dense[axis];
    }
    esp_copy before = arguments;
    int64_t y_count = check_product(rank, outer);
    size_t size = check_size(type);
    void *x = check_elements(&c, type, stride);
    uint8_t *y = check_output(&c, (size_t)y_count * size);
    uint8_t *want = check_copy_of(&c, y, (size_t)y_count * size);
    for (int64_t i = 0; i < total; i++) {
      int64_t at[4];
      check_coordinates(rank, dims, i, at);
      int64_t from = before.x_offset + check_offset(rank, before.x_strides, at);
      int64_t to = before.y_offset + check_offset(rank, before.y_strides, at);
      memcpy(want + (size_t)to * size, (uint8_t *)x + (size_t)from * size, size);
    }
    arguments.x = x, arguments.y = y;
    check_run(&c, esp_copy_task(&arguments, isa), 0);
    for (int64_t i = 0; i < y_count * (int64_t)size && !c.failed; i++) {
      check_equal(&c, "byte", i, y[i], want[i]);
    }
  }
  return check_end(&c);
}

static int esp_check_plain_gather(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  while (check_next(&c, 150)) {
    esp_type type = element_type(&c), index_type = check_random(&c) % 2 ? ESP_I32 : ESP_I64;
    int64_t outer = check_integer(&c, 1, 5), extent = check_extent(&c);
    int64_t inner = check_random(&c) % 3 ? check_extent(&c) : 1, count = check_extent(&c);
    void *x = check_elements(&c, type, outer * extent * inner);
    void *index = indices(&c, index_type, count, extent);
    void *y = check_output(&c, (size_t)(outer * count * inner) * check_size(type));
    bool bad = check_random(&c) % 5 == 0;
    int64_t bad_value = check_random(&c) % 2 ? extent : -extent - 1;
    if (bad && index_type == ESP_I32) ((int32_t *)index)[count / 2] = (int32_t)bad_value;
    if (bad && index_type == ESP_I64) ((int64_t *)index)[count / 2] = bad_value;
    esp_gather arguments = {(int32_t)check_size(type), index_type, outer, extent, inner, count,
                            x, index, y};
    int32_t fault = check_run(&c, esp_gather_task(&arguments, isa), 0);
    check_equal(&c, "fault", 0, fault, bad ? ESP_FAULT_INDEX_OUT_OF_RANGE : 0);
    for (int64_t i = 0; !bad && i < outer * count * inner && !c.failed; i++) {
      int64_t o = i / inner / count, j = i / inner % count;
      int64_t from = (o * extent + resolved(index_type, index, j, extent)) * inner + i % inner;
      check_close(&c, "gather", i, check_real(type, y, i), check_real(type, x, from), 0, 0);
    }
  }
  return check_end(&c);
}

/// Shapes for gather-elements and scatter-elements: index no larger than x off the axis.
typedef struct along {
  int32_t rank, axis;
  int64_t x_dims[4], index_dims[4], x_strides[4];
} along;

static along random_along(check *c) {
  along a = {.rank = (int32_t)check_integer(c, 1, 4)};
  a.axis = (int32_t)check_integer(c, 0, a.rank - 1);
  for (int axis = 0; axis < a.rank; axis++) {
    a.x_dims[axis] = axis < 2 ? check_extent(c) : check_integer(c, 1, 7);
    a.index_dims[axis] =
        axis == a.axis ? check_integer(c, 1, 20) : check_integer(c, 1, a.x_dims[axis]);
  }
  check_dense(a.rank, a.x_dims, a.x_strides);
  return a;
}

static int64_t along_offset(const along *a, esp_type type, const void *index, int64_t i) {
  int64_t at[4];
  check_coordinates(a->rank, a->index_dims, i, at);
  at[a->axis] = resolved(type, index, i, a->x_dims[a->axis]);
  return check_offset(a->rank, a->x_strides, at);
}

static int esp_check_plain_gather_elements(esp_isa isa, uint64_t seed, char *message,
                                           size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  while (check_next(&c, 150)) {
    esp_type type = element_type(&c), index_type = check_random(&c) % 2 ? ESP_I32 : ESP_I64;
    along a = random_along(&c);
    int64_t count = check_product(a.rank, a.index_dims);
    void *x = check_elements(&c, type, check_product(a.rank, a.x_dims));
    void *index = indices(&c, index_type, count, a.x_dims[a.axis]);
    void *y = check_output(&c, (size_t)count * check_size(type));
    esp_gather_elements arguments = {.element_size = (int32_t)check_size(type), .rank = a.rank,
                                     .axis = a.axis, .index_type = index_type, .x = x,
                                     .index = index, .y = y};
    memcpy(arguments.x_dims, a.x_dims, sizeof a.x_dims);
    memcpy(arguments.index_dims, a.index_dims, sizeof a.index_dims);
    int32_t fault = check_run(&c, esp_gather_elements_task(&arguments, isa), 0);
    check_equal(&c, "fault", 0, fault, 0);
    for (int64_t i = 0; i < count && !c.failed; i++) {
      check_close(&c, "gather elements", i, check_real(type, y, i),
                  check_real(type, x, along_offset(&a, index_type, index, i)), 0, 0);
    }
  }
  return check_end(&c);
}

/// Tuples within dims, and the row each of them names.
static int64_t *tuples(check *c, int64_t count, int length, const int64_t *dims) {
  int64_t *index = check_input(c, (size_t)(count * length) * sizeof(int64_t));
  for (int64_t i = 0; i < count * length; i++) {
    index[i] = check_integer(c, -dims[i % length], dims[i % length] - 1);
  }
  return index;
}

static int64_t tuple_row(const int64_t *tuple, int length, const int64_t *dims) {
  int64_t row = 0;
  for (int d = 0; d < length; d++) row = row * dims[d] + (tuple[d] + dims[d]) % dims[d];
  return row;
}

static int esp_check_plain_gather_nd(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  while (check_next(&c, 150)) {
    esp_type type = element_type(&c);
    esp_gather_nd arguments = {.element_size = (int32_t)check_size(type)};
    int length = arguments.tuple_length = (int32_t)check_integer(&c, 1, 3);
    for (int d = 0; d < length; d++) arguments.dims[d] = check_integer(&c, 1, 9);
    int64_t batches = arguments.batches = check_integer(&c, 1, 3);
    int64_t count = arguments.tuples = check_extent(&c);
    int64_t inner = arguments.inner = check_extent(&c);
    int64_t rows = check_product(length, arguments.dims);
    void *x = check_elements(&c, type, batches * rows * inner);
    int64_t *index = tuples(&c, batches * count, length, arguments.dims);
    void *y = check_output(&c, (size_t)(batches * count * inner) * check_size(type));
    arguments.x = x, arguments.index = index, arguments.y = y;
    int32_t fault = check_run(&c, esp_gather_nd_task(&arguments, isa), 0);
    check_equal(&c, "fault", 0, fault, 0);
    for (int64_t i = 0; i < batches * count * inner && !c.failed; i++) {
      int64_t t = i / inner, b = t / count;
      int64_t row = b * rows + tuple_row(index + t * length, length, arguments.dims);
      check_close(&c, "gather nd", i, check_real(type, y, i),
                  check_real(type, x, row * inner + i % inner), 0, 0);
    }
  }
  return check_end(&c);
}

static double scattered(esp_scatter_reduction reduction, double old, double new) {
  switch (reduction) {
    case ESP_SCATTER_SET: return new;
    case ESP_SCATTER_ADD: return old + new;
    case ESP_SCATTER_MUL: return old * new;
    case ESP_SCATTER_MIN: return fmin(old, new);
    case ESP_SCATTER_MAX: return fmax(old, new);
  }
  return NAN;
}

static const esp_type scatter_types[] = {ESP_F32, ESP_I32, ESP_I64};

static int esp_check_plain_scatter_nd(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  while (check_next(&c, 150)) {
    esp_scatter_nd arguments = {.type = scatter_types[check_random(&c) % 3],
                                .reduction = (esp_scatter_reduction)check_integer(&c, 0, 4)};
    int length = arguments.tuple_length = (int32_t)check_integer(&c, 1, 3);
    for (int d = 0; d < length; d++) arguments.dims[d] = check_integer(&c, 2, 9);
    int64_t inner = arguments.inner = check_integer(&c, 1, 20);
    int64_t count = arguments.count = check_product(length, arguments.dims) * inner;
    int64_t updates = arguments.tuples = check_integer(&c, 0, 6);
    esp_type type = arguments.type;
    void *x = check_elements(&c, type, count);
    void *u = check_elements(&c, type, updates * inner);
    int64_t *index = tuples(&c, updates, length, arguments.dims);
    size_t bytes = (size_t)count * check_size(type);
    bool in_place = check_random(&c) % 2;
    void *y = in_place ? check_copy_of(&c, x, bytes) : check_output(&c, bytes);
    double *want = check_output(&c, (size_t)count * sizeof(double));
    for (int64_t i = 0; i < count; i++) want[i] = check_real(type, x, i);
    for (int64_t i = 0; i < updates * inner; i++) {
      int64_t at =
          tuple_row(index + i / inner * length, length, arguments.dims) * inner + i % inner;
      want[at] = scattered(arguments.reduction, want[at], check_real(type, u, i));
    }
    arguments.x = in_place ? y : x, arguments.y = y, arguments.index = index;
    arguments.updates = u;
    int32_t fault = check_run(&c, esp_scatter_nd_task(&arguments, isa), 0);
    check_equal(&c, "fault", 0, fault, 0);
    for (int64_t i = 0; i < count && !c.failed; i++) {
      check_close(&c, "scatter nd", i, check_real(type, y, i), want[i], 1e-6, 1e-6);
    }
  }
  return check_end(&c);
}

static int esp_check_plain_scatter_elements(esp_isa isa, uint64_t seed, char *message,
                                            size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  while (check_next(&c, 150)) {
    along a = random_along(&c);
    esp_type type = scatter_types[check_random(&c) % 3];
    esp_type index_type = check_random(&c) % 2 ? ESP_I32 : ESP_I64;
    esp_scatter_elements arguments = {
        .type = type, .index_type = index_type, .rank = a.rank, .axis = a.axis,
        .reduction = (esp_scatter_reduction)check_integer(&c, 0, 4)};
    memcpy(arguments.x_dims, a.x_dims, sizeof a.x_dims);
    memcpy(arguments.index_dims, a.index_dims, sizeof a.index_dims);
    int64_t count = check_product(a.rank, a.x_dims);
    int64_t updates = check_product(a.rank, a.index_dims);
    void *x = check_elements(&c, type, count);
    void *u = check_elements(&c, type, updates);
    void *index = indices(&c, index_type, updates, a.x_dims[a.axis]);
    bool bad = check_random(&c) % 6 == 0;
    if (bad && index_type == ESP_I64) ((int64_t *)index)[updates / 2] = a.x_dims[a.axis];
    if (bad && index_type == ESP_I32) {
      ((int32_t *)index)[updates / 2] = (int32_t)a.x_dims[a.axis];
    }
    size_t bytes = (size_t)count * check_size(type);
    void *y = check_output(&c, bytes);
    double *want = check_output(&c, (size_t)count * sizeof(double));
    for (int64_t i = 0; i < count; i++) want[i] = check_real(type, x, i);
    for (int64_t i = 0; !bad && i < updates; i++) {
      int64_t at = along_offset(&a, index_type, index, i);
      want[at] = scattered(arguments.reduction, want[at], check_real(type, u, i));
      if (type == ESP_I32) want[at] = (double)(int32_t)(uint32_t)(int64_t)want[at];
      if (fabs(want[at]) > 1e15) want[at] = NAN;  // beyond what a double tells exactly
    }
    arguments.x = x, arguments.y = y, arguments.index = index, arguments.updates = u;
    int32_t fault = check_run(&c, esp_scatter_elements_task(&arguments, isa), 0);
    check_equal(&c, "fault", 0, fault, bad ? ESP_FAULT_INDEX_OUT_OF_RANGE : 0);
    for (int64_t i = 0; !bad && i < count && !c.failed; i++) {
      if (isnan(want[i])) continue;
      check_close(&c, "scatter elements", i, check_real(type, y, i), want[i], 1e-5, 1e-5);
    }
  }
  return check_end(&c);
}

static int esp_check_plain_one_hot(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  while (check_next(&c, 100)) {
    esp_type type = element_type(&c), index_type = scatter_types[check_random(&c) % 3];
    int64_t outer = check_extent(&c), depth = check_integer(&c, 1, 20), inner = check_extent(&c);
    void *index = check_elements(&c, index_type, outer * inner);
    for (int64_t i = 0; index_type == ESP_F32 && i < outer * inner; i++) {
      ((float *)index)[i] = (float)check_integer(&c, -25, 25);
    }
    void *values = check_elements(&c, type, 2);
    void *y = check_output(&c, (size_t)(outer * depth * inner) * check_size(type));
    esp_one_hot arguments = {index_type, (int32_t)check_size(type), outer, depth, inner,
                             index, values, y};
    check_run(&c, esp_one_hot_task(&arguments, isa), 0);
    for (int64_t i = 0; i < outer * depth * inner && !c.failed; i++) {
      int64_t at = i / (depth * inner) * inner + i % inner, d = i / inner % depth;
      int64_t hot = (int64_t)check_real(index_type, index, at);
      check_close(&c, "one hot", i, check_real(type, y, i),
                  check_real(type, values, hot == d || hot == d - depth), 0, 0);
    }
  }
  return check_end(&c);
}

static int esp_check_plain_triangle(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  while (check_next(&c, 150)) {
    esp_type type = element_type(&c);
    int64_t matrices = check_integer(&c, 1, 4), rows = check_extent(&c);
    int64_t columns = check_extent(&c), count = matrices * rows * columns;
    int64_t k = check_integer(&c, 0, 9) ? check_integer(&c, -columns - 2, columns + 2)
                                        : (check_random(&c) % 2 ? INT64_MAX : INT64_MIN);
    void *x = check_elements(&c, type, count);
    void *y = check_output(&c, (size_t)count * check_size(type));
    esp_triangle arguments = {(int32_t)check_size(type), (int32_t)(check_random(&c) % 2),
                              matrices, rows, columns, k, x, y};
    check_run(&c, esp_triangle_task(&arguments, isa), 0);
    for (int64_t i = 0; i < count && !c.failed; i++) {
      int64_t off = i % columns - i / columns % rows;
      bool kept = arguments.upper ? off >= k : off <= k;
      check_close(&c, "triangle", i, check_real(type, y, i), kept ? check_real(type, x, i) : 0,
                  0, 0);
    }
  }
  return check_end(&c);
}

static int esp_check_plain_resample(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  while (check_next(&c, 150)) {
    int64_t outer = check_integer(&c, 1, 9), extent = check_extent(&c);
    int64_t inner = check_random(&c) % 2 ? check_extent(&c) : 1;
    int64_t samples = check_extent(&c), taps = check_integer(&c, 1, 5);
    float *x = check_floats(&c, outer * extent * inner, -2, 2);
    float *weight = check_floats(&c, samples * taps, -1, 1);
    int32_t *index = check_input(&c, (size_t)(samples * taps) * sizeof(int32_t));
    for (int64_t i = 0; i < samples * taps; i++) {
      index[i] = (int32_t)check_integer(&c, 0, extent - 1);
    }
    float *y = check_output(&c, (size_t)(outer * samples * inner) * sizeof(float));
    esp_resample arguments = {outer, extent, inner, samples, taps, index, weight, x, y};
    check_run(&c, esp_resample_task(&arguments, isa), 0);
    for (int64_t i = 0; i < outer * samples * inner && !c.failed; i++) {
      int64_t o = i / inner / samples, j = i / inner % samples;
      double want = 0;
      for (int64_t t = j * taps; t < (j + 1) * taps; t++) {
        want += (double)weight[t] * (double)x[(o * extent + index[t]) * inner + i % inner];
      }
      check_close(&c, "resample", i, (double)y[i], want, 2e-6, 1e-6);
    }
  }
  return check_end(&c);
}

/// The element at a whole place: a walk from mirror to mirror.
static bool sampled_element(const esp_grid_sample *sample, int64_t extent, int64_t *at) {
  if (sample->outside == ESP_OUTSIDE_ZERO) return *at >= 0 && *at < extent;
  while (*at < 0 || *at >= extent) {
    if (sample->outside == ESP_OUTSIDE_EDGE || (sample->align_corners && extent == 1)) {
      *at = *at < 0 ? 0 : extent - 1;
    } else if (*at < 0) {
      *at = sample->align_corners ? -*at : -1 - *at;
    } else {
      *at = sample->align_corners ? 2 * (extent - 1) - *at : 2 * extent - 1 - *at;
    }
  }
  return true;
}

/// The weight of an element at a distance.
static double sampled_weight(int taps, double distance) {
  double t = fabs(distance);
  if (taps == 1) return 1;
  if (taps == 2) return t < 1 ? 1 - t : 0;
  if (t < 1) return 1.25 * t * t * t - 2.25 * t * t + 1;
  return t < 2 ? -0.75 * (t * t * t - 5 * t * t + 8 * t - 4) : 0;
}

/// One sample of an image, of axes from `axis` on.
static double sampled(const esp_grid_sample *sample, const float *x, const float *coordinates,
                      int axis) {
  if (axis == sample->axes) return (double)*x;
  int64_t extent = sample->extents[axis], inner = 1;
  for (int later = axis + 1; later < sample->axes; later++) inner *= sample->extents[later];
  double coordinate = (double)coordinates[sample->axes - 1 - axis];
  double place = sample->align_corners
                     ? (coordinate + 1) / 2 * (double)(extent - 1)
                     : ((coordinate + 1) * (double)extent - 1) / 2;
  int64_t first = (int64_t)(sample->taps == 1 ? rint(place) : floor(place) - sample->taps / 2 + 1);
  double total = 0;
  for (int64_t at = first; at < first + sample->taps; at++) {
    int64_t element = at;
    if (!sampled_element(sample, extent, &element)) continue;
    total += sampled_weight(sample->taps, (double)at - place) *
             sampled(sample, x + element * inner, coordinates, axis + 1);
  }
  return total;
}

static int esp_check_plain_grid_sample(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  static const float wild[] = {NAN, INFINITY, -INFINITY, 1e30f, -1e30f, 3.4e38f};
  check c = check_begin(isa, seed, message, capacity);
  while (check_next(&c, 300)) {
    int axes = (int)check_integer(&c, 1, 3);
    esp_grid_sample s = {
        .taps = 1 << check_integer(&c, 0, 2), .align_corners = (int)check_integer(&c, 0, 1),
        .outside = (esp_sample_outside)check_integer(&c, 0, 2), .axes = axes,
        .batch = check_integer(&c, 0, 2), .channels = check_integer(&c, 0, 5),
        .points = check_integer(&c, 0, 40), .extents = {1, 1, 1}};
    for (int axis = 0; axis < axes; axis++) s.extents[axis] = check_integer(&c, 1, 7);
    int64_t image = check_product(3, s.extents), count = s.batch * s.channels * s.points;
    float *x = check_floats(&c, s.batch * s.channels * image, -2, 2);
    float *grid = check_floats(&c, s.batch * s.points * axes, -4, 4);
    for (int64_t i = 0; i < s.batch * s.points * axes; i++) {
      if (check_integer(&c, 0, 9) == 0) grid[i] = (float)check_integer(&c, -2, 2) / 2;
      if (check_integer(&c, 0, 29) == 0) grid[i] = wild[check_integer(&c, 0, 5)];
    }
    float *y = check_output(&c, (size_t)count * sizeof(float));
    s.x = x, s.grid = grid, s.y = y;
    esp_task task = esp_grid_sample_task(&s, isa);
    if (count == 0) check_equal(&c, "items of no samples", 0, task.items, 0);
    check_run(&c, task, 0);
    for (int64_t i = 0; i < count && !c.failed; i++) {
      const float *coordinates =
          grid + (i / s.points / s.channels * s.points + i % s.points) * axes;
      bool is_wild = false, is_finite = true;
      for (int axis = 0; axis < axes; axis++) {
        is_wild = is_wild || !(fabsf(coordinates[axis]) < 1e9f);
        is_finite = is_finite && isfinite(coordinates[axis]);
      }
      if (!is_wild) {
        double want = sampled(&s, x + i / s.points * image, coordinates, 0);
        check_close(&c, "grid sample", i, (double)y[i], want, 4e-6, 4e-6);
      } else if (!is_finite && s.taps > 1) {
        check_close(&c, "sample at no number", i, (double)y[i], NAN, 0, 0);
      } else if (s.outside == ESP_OUTSIDE_ZERO && !s.align_corners) {
        check_close(&c, "sample far outside", i, (double)y[i], 0, 0, 0);
      } else if (!(fabsf(y[i]) <= 8)) {
        check_fail(&c, "sample %lld far outside is %g", (long long)i, (double)y[i]);
      }
    }
  }
  return check_end(&c);
}

const esp_plain_check_entry esp_checks_movement[] = {
    {"copy", esp_check_plain_copy},
    {"gather", esp_check_plain_gather},
    {"gather elements", esp_check_plain_gather_elements},
    {"gather nd", esp_check_plain_gather_nd},
    {"scatter nd", esp_check_plain_scatter_nd},
    {"scatter elements", esp_check_plain_scatter_elements},
    {"one hot", esp_check_plain_one_hot},
    {"triangle", esp_check_plain_triangle},
    {"resample", esp_check_plain_resample},
    {"grid sample", esp_check_plain_grid_sample},
    {0},
};
