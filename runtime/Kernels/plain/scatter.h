// The update step that both scatters share.
#ifndef ESP_SCATTER_H
#define ESP_SCATTER_H

#include "plain.h"

/// y[y_at + i] (op)= updates[u_at + i] for i in 0 ..< count. Integers wrap.
void esp_scatter_update(esp_type, esp_scatter_reduction, void *y, int64_t y_at,
                        const void *updates, int64_t u_at, int64_t count);

#endif
