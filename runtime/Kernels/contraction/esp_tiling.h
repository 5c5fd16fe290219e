// Cutting columns into tiles that fill the registers of a micro-kernel.
#ifndef ESP_TILING_H
#define ESP_TILING_H

#include <stdint.h>

typedef struct esp_tiling {
  int32_t columns, tiles;
  /// Most columns of a tile, rounded up to whole vectors: the row length of a packed tile.
  int32_t pitch;
  int32_t width;
  /// Tiles get `share` units each, the first `more` of them one unit more. A unit is one column
  /// where `by_column`, else one vector.
  int32_t share, more, by_column;
} esp_tiling;

/// As few tiles of at most `vectors` vectors as possible, alike in size. Where a kernel of `rows`
/// rows takes `whole` vectors and one column more (0: none does), such tiles if they are cheaper.
esp_tiling esp_tiling_of(int32_t columns, int32_t width, int32_t vectors, int32_t whole,
                         int32_t rows);

static inline void esp_tile_at(const esp_tiling *t, int32_t tile, int32_t *first, int32_t *count) {
  int32_t start = tile * t->share + (tile < t->more ? tile : t->more);
  int32_t size = t->share + (tile < t->more ? 1 : 0);
  if (!t->by_column) start *= t->width, size *= t->width;
  *first = start;
  *count = t->columns - start < size ? t->columns - start : size;
}

#endif
