// The vector functions against libm in double, over floats of every size.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "CEspalierKernelChecks.h"
#include "math_functions.h"

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double gelu(double x) { return x / 2 * erfc(-x / sqrt(2)); }
static double gelu_tanh(double x) {
  return x * sigmoid(2 * sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x));
}

typedef struct {
  const char *name;
  double (*exact)(double);
  /// Arguments checked, and the error allowed: in units of the last place, and besides absolutely.
  float low, high;
  double places, absolute;
} function_case;

// exp underflows to subnormals, which threads flush to zero: only normal results count.
static const function_case cases[MATH_FUNCTIONS] = {
    {"exp", exp, -87, 88.7f, 1.5, 0},
    {"log", log, 1.2e-38f, 3e38f, 2, 0},
    {"sigmoid", sigmoid, -86, 100, 3, 0},
    {"tanh", tanh, -20, 20, 3, 0},
    {"erf", erf, -10, 10, 0, 2e-7},
    {"gelu", gelu, -3e38f, 3e38f, 1, 5e-8},
    {"gelu_tanh", gelu_tanh, -1e18f, 1e18f, 3, 5e-8},
};

static double place(double x) {
  const float size = fabsf((float)x);
  return size < 1.2e-38f ? 1.4e-45 : ldexp(1, ilogbf(size) - 23);
}

/// What each function makes of infinities and what is not a number.
static int check_edges(const math_functions *functions, char *message, size_t size) {
  static const struct { int function; float x, want; } edges[] = {
      {0, INFINITY, INFINITY}, {0, -INFINITY, 0}, {0, 89, INFINITY}, {0, -150, 0},
      {1, INFINITY, INFINITY}, {1, 0, -INFINITY}, {1, -1, NAN}, {1, 1, 0},
      {2, INFINITY, 1}, {2, -INFINITY, 0}, {3, INFINITY, 1}, {3, -INFINITY, -1},
      {4, INFINITY, 1}, {4, -INFINITY, -1}, {5, INFINITY, INFINITY}, {6, INFINITY, INFINITY},
      {0, NAN, NAN}, {1, NAN, NAN}, {2, NAN, NAN}, {3, NAN, NAN}, {4, NAN, NAN},
      {5, NAN, NAN}, {6, NAN, NAN},
  };
  for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
    float x[16], y[16];
    for (int lane = 0; lane < 16; lane++) x[lane] = edges[i].x;
    functions->run[edges[i].function](x, y);
    const int same = isnan(edges[i].want) ? isnan(y[0]) : y[0] == edges[i].want;
    if (!same) {
      snprintf(message, size, "%s(%g) is %g, not %g", cases[edges[i].function].name, edges[i].x,
               y[0], edges[i].want);
      return 1;
    }
  }
  return 0;
}

int esp_check_math(int isa, uint32_t seed, char *message, size_t size) {
  const math_functions *functions = math_functions_for((esp_isa)isa);
  if (!functions || !esp_isa_available((esp_isa)isa)) {
    snprintf(message, size, "this processor has no %s", esp_isa_name((esp_isa)isa));
    return 1;
  }
  if (check_edges(functions, message, size)) return 1;
  for (int f = 0; f < MATH_FUNCTIONS; f++) {
    const function_case *c = &cases[f];
    // Every 40,009th bit pattern from where the seed says; the step is prime.
    uint32_t bits = seed % 40009;
    for (uint32_t round = 0; round < 4294967295u / 40009 / 16; round++) {
      float x[16], y[16];
      for (int lane = 0; lane < 16; lane++, bits += 40009) memcpy(&x[lane], &bits, sizeof bits);
      functions->run[f](x, y);
      for (int lane = 0; lane < 16; lane++) {
        if (!(x[lane] >= c->low && x[lane] <= c->high)) continue;
        const double want = c->exact(x[lane]), error = fabs(y[lane] - want);
        const double allowed = c->places * place(want) + c->absolute;
        if (!(error <= allowed)) {
          snprintf(message, size, "%s %s(%.9g) is %.9g, not %.9g", esp_isa_name((esp_isa)isa),
                   c->name, x[lane], y[lane], want);
          return 1;
        }
      }
    }
  }
  return 0;
}
