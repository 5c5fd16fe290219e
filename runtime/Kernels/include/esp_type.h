// Types of elements, of tensors and of weights.
#ifndef ESP_TYPE_H
#define ESP_TYPE_H

/// Codes are ONNX's. Booleans are bytes of 0 or 1.
typedef enum esp_type {
  ESP_F32 = 1, ESP_U8 = 2, ESP_I8 = 3, ESP_I32 = 6, ESP_I64 = 7, ESP_BOOL = 9,
} esp_type;

#endif
