// Applies the vector functions that the including file's math header defines.
#define MATH_LOOP(function)                                                        \
  static void ESP_VEC_NAME(math_##function)(const float *x, float *y) {            \
    for (int i = 0; i < 16; i += ESP_VEC_WIDTH) {                                  \
      esp_vec_store(y + i, esp_vec_##function(esp_vec_load(x + i)));               \
    }                                                                              \
  }

MATH_LOOP(exp)
MATH_LOOP(log)
MATH_LOOP(sigmoid)
MATH_LOOP(tanh)
MATH_LOOP(erf)
MATH_LOOP(gelu)
MATH_LOOP(gelu_tanh)

#define MATH_TABLE                                                                 \
  {{ESP_VEC_NAME(math_exp), ESP_VEC_NAME(math_log), ESP_VEC_NAME(math_sigmoid),    \
    ESP_VEC_NAME(math_tanh), ESP_VEC_NAME(math_erf), ESP_VEC_NAME(math_gelu),     \
    ESP_VEC_NAME(math_gelu_tanh)}}
