#include "esp_tiling.h"

esp_tiling esp_tiling_of(int32_t columns, int32_t width, int32_t vectors, int32_t whole,
                         int32_t rows) {
  esp_tiling t = {.columns = columns, .width = width};
  const int32_t total = (columns + width - 1) / width;
  if (whole) {
    const int32_t most = whole * width + 1, tiles = (columns + most - 1) / most;
    // A tile of one column more takes one operation more than its whole vectors.
    if (columns > (most - 1) * tiles && rows * total > tiles * (rows * whole + 1)) {
      t.tiles = tiles;
      t.by_column = 1;
      t.share = columns / tiles;
      t.more = columns % tiles;
      t.pitch = (whole + 1) * width;
      return t;
    }
  }
  t.tiles = (total + vectors - 1) / vectors;
  t.share = total / t.tiles;
  t.more = total % t.tiles;
  t.pitch = (t.share + (t.more ? 1 : 0)) * width;
  return t;
}
