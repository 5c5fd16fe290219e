// Samples at places that a grid names: the elements that a place meets are found once for all channels.
#include <math.h>

#include "plain.h"

enum { SLAB = 16, AXIS_TAPS = 4, TAPS = AXIS_TAPS * AXIS_TAPS * AXIS_TAPS };

/// Elements along one axis, -1 where zeros are outside, and their weights.
typedef struct axis_taps {
  int32_t count;
  int64_t index[AXIS_TAPS];
  double weight[AXIS_TAPS];
} axis_taps;

/// What one sample adds up. `rest` is what the zeros outside add: 0, or NaN by their weights.
typedef struct point_taps {
  int32_t count;
  float rest;
  int64_t offset[TAPS];
  float weight[TAPS];
} point_taps;

/// The element at a whole place, which may be any double; -1 for zeros outside.
static int64_t element(const esp_grid_sample *sample, double place, int64_t extent) {
  double n = (double)extent;
  switch (sample->outside) {
    case ESP_OUTSIDE_ZERO: return place >= 0 && place < n ? (int64_t)place : -1;
    case ESP_OUTSIDE_EDGE: return place >= n ? extent - 1 : place > 0 ? (int64_t)place : 0;
    case ESP_OUTSIDE_MIRRORED: break;
  }
  // The image and its mirror image repeat; corners that are aligned are not doubled.
  double period = sample->align_corners ? 2 * (n - 1) : 2 * n;
  if (!isfinite(place) || period <= 0) return 0;
  double inside = fmod(place, period);
  if (inside < 0) inside += period;
  if (inside >= n) inside = sample->align_corners ? period - inside : period - 1 - inside;
  return (int64_t)inside;
}

/// Keys's filter at a distance of at most 2.
static double cubic(double t) {
  const double a = -0.75;
  if (t > 1) return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
  return ((a + 2) * t - (a + 3)) * t * t + 1;
}

static void find_along(const esp_grid_sample *sample, double coordinate, int64_t extent,
                       axis_taps *found) {
  double n = (double)extent;
  double place = sample->align_corners ? (coordinate + 1) / 2 * (n - 1)
                                       : ((coordinate + 1) * n - 1) / 2;
  double first = sample->taps == 1 ? rint(place) : floor(place);
  double t = place - first;
  found->count = sample->taps;
  for (int32_t tap = 0; tap < sample->taps; tap++) {
    int32_t step = sample->taps == AXIS_TAPS ? tap - 1 : tap;
    found->index[tap] = element(sample, first + step, extent);
    found->weight[tap] = sample->taps == 1   ? 1
                         : sample->taps == 2 ? (tap ? t : 1 - t)
                                             : cubic(fabs((double)step - t));
  }
}

static void find(const esp_grid_sample *sample, const float *coordinates, point_taps *found) {
  axis_taps along[3] = {[1] = {1, {0}, {1}}, [2] = {1, {0}, {1}}};
  for (int32_t axis = 0; axis < sample->axes; axis++) {
    find_along(sample, (double)coordinates[sample->axes - 1 - axis], sample->extents[axis],
               &along[axis]);
  }
  found->count = 0;
  found->rest = 0;
  for (int32_t i = 0; i < along[0].count; i++) {
    for (int32_t j = 0; j < along[1].count; j++) {
      for (int32_t k = 0; k < along[2].count; k++) {
        double weight = along[0].weight[i] * along[1].weight[j] * along[2].weight[k];
        if (along[0].index[i] < 0 || along[1].index[j] < 0 || along[2].index[k] < 0) {
          found->rest += (float)weight * 0;
          continue;
        }
        found->offset[found->count] =
            (along[0].index[i] * sample->extents[1] + along[1].index[j]) * sample->extents[2] +
            along[2].index[k];
        found->weight[found->count++] = (float)weight;
      }
    }
  }
}

static int64_t cost(const esp_grid_sample *sample) {
  int64_t taps = sample->taps;
  for (int32_t axis = 1; axis < sample->axes; axis++) taps *= sample->taps;
  return (sample->channels + 8) * taps * SLAB;
}

/// A unit is up to SLAB samples of one image, all channels of them.
static int64_t slabs(const esp_grid_sample *sample) {
  return esp_ceiling_quotient(sample->points, SLAB);
}

static void run(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)worker;
  const esp_grid_sample *sample = arguments;
  int64_t points = sample->points, channels = sample->channels;
  int64_t image = esp_product(sample->extents, 0, 3);
  esp_range units = esp_units(first, last, sample->batch * slabs(sample), cost(sample));
  for (int64_t unit = units.first; unit < units.last; unit++) {
    int64_t item = unit / slabs(sample), start = unit % slabs(sample) * SLAB;
    int64_t count = esp_minimum(points - start, SLAB);
    point_taps found[SLAB];
    for (int64_t p = 0; p < count; p++) {
      find(sample, sample->grid + (item * points + start + p) * sample->axes, &found[p]);
    }
    for (int64_t c = item * channels; c < (item + 1) * channels; c++) {
      const float *x = sample->x + c * image;
      float *y = sample->y + c * points + start;
      for (int64_t p = 0; p < count; p++) {
        float total = found[p].rest;
        for (int32_t tap = 0; tap < found[p].count; tap++) {
          total += found[p].weight[tap] * x[found[p].offset[tap]];
        }
        y[p] = total;
      }
    }
  }
}

esp_task esp_grid_sample_task(esp_grid_sample *sample, esp_isa isa) {
  (void)isa;
  bool is_empty = sample->channels == 0 || sample->points == 0;
  return esp_task_of_units(run, sample, is_empty ? 0 : sample->batch * slabs(sample),
                           cost(sample));
}
