// Tiles packed from planes as wide as the output: the input's own where the stride is 1, else its
// phases, one plane for each place that a stride steps over. There each tap is a shift of a whole
// tile, but for lanes that fall on padding.
#ifndef ESP_TAPS_H
#define ESP_TAPS_H

#include <stddef.h>
#include <stdint.h>

#include "esp_contraction.h"

enum {
  ESP_MOST_TAPS = 64,
  ESP_TILE_VECTORS = 8,
  /// Of ESP_TILE_VECTORS vectors, the widest.
  ESP_TILE_LANES = 128,
};

/// What one tap meets at the pixels of one tile.
typedef struct esp_tap {
  /// In floats, from the tile's first pixel in the first phase of a channel.
  ptrdiff_t offset;
  /// For each vector, the lanes that meet the input, one bit each; others meet padding.
  uint16_t lanes[ESP_TILE_VECTORS];
} esp_tap;

/// Whether the convolution's taps are such shifts.
int esp_taps_are_shifts(const esp_convolution *);

/// Phases of rows and columns that taps meet, and the rows of a phase.
int32_t esp_phases_down(const esp_convolution *);
int32_t esp_phases_across(const esp_convolution *);
int32_t esp_phase_rows(const esp_convolution *);
/// The first row or column of the input that is in phase `index` of those that taps meet.
int32_t esp_phase_start(int32_t index, int32_t pad, int32_t stride);

/// Fills taps [ky][kx] for the tile of pixels start ..< start + columns.
void esp_taps_fill(const esp_convolution *, int32_t width, int32_t start, int32_t columns,
                   esp_tap taps[ESP_MOST_TAPS]);

#endif
