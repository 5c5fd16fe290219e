// The micro-kernel of dense sequences: a few tokens times a few panels of eight features.
//
//   y[t][i] = clip(bias[i] + residual[t][i] + sum over k < count of
//                  panels[i / 8][k * pitch + i % 8] * x[k * tokens + t],
//                  low, high)        t < the function's tokens, i < features
//
// Features lie in vector lanes and each value of x is broadcast: the other way round than panels
// (esp_panel.h), so that results have the order of a sequence, feature by feature, and no
// transposition follows. Only dense weights can be read like this: the lanes of a vector share k.
#ifndef ESP_FEATURE_H
#define ESP_FEATURE_H

#include <stddef.h>
#include <stdint.h>

enum { ESP_FEATURE_PANELS = 4, ESP_FEATURE_TOKENS = 12, ESP_FEATURE_HEIGHT = 8 };

typedef struct esp_feature_call {
  /// Panels that do not exist repeat the last one that does.
  const float *panels[ESP_FEATURE_PANELS];
  ptrdiff_t pitch;
  /// [count][tokens of the kernels], however many of them the function takes.
  const float *x;
  int32_t count;
  /// Features to store, 1 ... 8 * panels of the function.
  int32_t features;
  /// One per feature, or null.
  const float *bias;
  float *y;
  ptrdiff_t y_stride;
  /// Laid out as y, perhaps y itself; or null.
  const float *residual;
  /// Whether sums begin with bias and residual; otherwise with what y holds.
  int32_t first;
  float low, high;
  /// Memory the caller reads soon, brought near while this call computes: `ahead_stride` bytes for
  /// every four k, at most 128. Any address, also one that does not exist.
  uintptr_t ahead, ahead_stride;
} esp_feature_call;

typedef void (*esp_feature_function)(const esp_feature_call *);

/// Rows of scores that become probabilities.
typedef struct esp_soften_call {
  /// [rows][pitch]; readable and writable up to the next multiple of 16 columns.
  float *scores;
  ptrdiff_t pitch;
  int32_t rows, columns;
  /// Added first: rows of so many floats; null where there is none.
  const float *addends[2];
  ptrdiff_t addend_strides[2];
} esp_soften_call;

typedef struct esp_feature_kernels {
  /// Most tokens and panels of one call.
  int32_t tokens, panels;
  /// run[n] takes n tokens and `panels` panels; half[n] half as many panels, or is null.
  esp_feature_function run[ESP_FEATURE_TOKENS + 1], half[ESP_FEATURE_TOKENS + 1];
  /// Each row of scores: e to the power of it, divided by their sum.
  void (*soften)(const esp_soften_call *);
} esp_feature_kernels;

/// The kernel for so many tokens and panels.
static inline esp_feature_function esp_feature_for(const esp_feature_kernels *kernels,
                                                   int32_t tokens, int32_t panels) {
  const int is_half = kernels->half[tokens] && 2 * panels <= kernels->panels;
  return is_half ? kernels->half[tokens] : kernels->run[tokens];
}

#endif
