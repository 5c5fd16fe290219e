// Vector functions, written once over the primitives of esp_math_{scalar,neon,avx2,avx512}.h.
//
// A file of kernels includes exactly one of those four, which gives it
//   esp_vec, esp_mask, ESP_VEC_WIDTH       a vector of floats, a comparison's result, lanes
//   ESP_VEC_NAME(stem)                     stem_avx512 and so on, for names that must differ
//   ESP_VEC_BEGIN ... ESP_VEC_END          around every function that uses vectors
//   esp_vec_load/store(p), _first(p, n)    all lanes; only the first n (others read as 0)
//   set add sub mul div fma(a*b+c) sqrt abs neg copy_sign(size, sign) round(to even) floor ceil
//   min max                                where either operand is NaN the result is the second,
//                                          so esp_vec_max(limit, x) keeps a NaN of x
//   less less_equal equal select(m, a, b)  select is a where m
//   sum maximum                            across lanes
//   scale(v, n) = v 2^n; exponent, mantissa (in 1 ..< 2) of a positive normal number
// and the functions below. Errors were measured over all floats; see the kernel checks.
//
// No include guard of its own: it is the second half of those four headers.

/// 2^n e^r for a whole n and r in -ln 2 / 2 ... ln 2 / 2.
static inline esp_vec esp_vec_exp_of_parts(esp_vec r, esp_vec n) {
  esp_vec p = esp_vec_set(1.3950539e-3f);
  p = esp_vec_fma(p, r, esp_vec_set(8.3689181e-3f));
  p = esp_vec_fma(p, r, esp_vec_set(4.16662051e-2f));
  p = esp_vec_fma(p, r, esp_vec_set(0.166665186f));
  p = esp_vec_fma(p, r, esp_vec_set(0.5f));
  p = esp_vec_fma(p, esp_vec_mul(r, r), r);
  return esp_vec_scale(esp_vec_add(p, esp_vec_set(1.0f)), n);
}

/// e^x within 1.5 ulp; 0 and infinity beyond the range; NaN stays.
static inline esp_vec esp_vec_exp(esp_vec x) {
  x = esp_vec_max(esp_vec_set(-104.0f), esp_vec_min(esp_vec_set(89.0f), x));
  esp_vec n = esp_vec_round(esp_vec_mul(x, esp_vec_set(1.44269504f)));
  // ln 2 in two parts, so that n * first is exact.
  esp_vec r = esp_vec_fma(n, esp_vec_set(-0.693359375f), x);
  r = esp_vec_fma(n, esp_vec_set(2.12194440e-4f), r);
  return esp_vec_exp_of_parts(r, n);
}

/// ln x within 2 ulp; -infinity at 0 (and subnormals), NaN below.
static inline esp_vec esp_vec_log(esp_vec x) {
  esp_vec e = esp_vec_exponent(x), m = esp_vec_mantissa(x), one = esp_vec_set(1.0f);
  // m in sqrt(1/2) ... sqrt(2), so that f is small on both sides of 1.
  esp_mask large = esp_vec_less(esp_vec_set(1.41421356f), m);
  m = esp_vec_select(large, esp_vec_mul(m, esp_vec_set(0.5f)), m);
  e = esp_vec_select(large, esp_vec_add(e, one), e);
  esp_vec f = esp_vec_sub(m, one), f2 = esp_vec_mul(f, f);
  esp_vec p = esp_vec_set(6.91536807e-2f);
  p = esp_vec_fma(p, f, esp_vec_set(-0.1178980769f));
  p = esp_vec_fma(p, f, esp_vec_set(0.1187297629f));
  p = esp_vec_fma(p, f, esp_vec_set(-0.1238434847f));
  p = esp_vec_fma(p, f, esp_vec_set(0.1421865809f));
  p = esp_vec_fma(p, f, esp_vec_set(-0.1666925082f));
  p = esp_vec_fma(p, f, esp_vec_set(0.2000222661f));
  p = esp_vec_fma(p, f, esp_vec_set(-0.249999866f));
  p = esp_vec_fma(p, f, esp_vec_set(0.3333331044f));
  esp_vec tail = esp_vec_mul(esp_vec_mul(p, f), f2);
  tail = esp_vec_fma(e, esp_vec_set(-2.12194440e-4f), tail);
  tail = esp_vec_fma(f2, esp_vec_set(-0.5f), tail);
  esp_vec y = esp_vec_fma(e, esp_vec_set(0.693359375f), esp_vec_add(f, tail));
  esp_vec infinity = esp_vec_set(__builtin_inff()), zero = esp_vec_set(0.0f);
  y = esp_vec_select(esp_vec_equal(x, infinity), infinity, y);
  y = esp_vec_select(esp_vec_less(x, esp_vec_set(1.17549435e-38f)), esp_vec_neg(infinity), y);
  // Negative and NaN alike: not (0 <= x). Zero has been dealt with, minus zero is not below zero.
  return esp_vec_select(esp_vec_less_equal(zero, x), y, esp_vec_set(__builtin_nanf("")));
}

/// 1 / (1 + e^-x) within 3 ulp.
static inline esp_vec esp_vec_sigmoid(esp_vec x) {
  esp_vec one = esp_vec_set(1.0f);
  return esp_vec_div(one, esp_vec_add(one, esp_vec_exp(esp_vec_neg(x))));
}

/// x / (1 + e^-ax).
static inline esp_vec esp_vec_silu(esp_vec x, float a) {
  esp_vec e = esp_vec_exp(esp_vec_mul(x, esp_vec_set(-a)));
  return esp_vec_div(x, esp_vec_add(esp_vec_set(1.0f), e));
}

/// tanh x within 3 ulp.
static inline esp_vec esp_vec_tanh(esp_vec x) {
  esp_vec size = esp_vec_abs(x), one = esp_vec_set(1.0f), z = esp_vec_mul(x, x);
  esp_vec p = esp_vec_set(-5.7162938e-3f);
  p = esp_vec_fma(p, z, esp_vec_set(2.06499467e-2f));
  p = esp_vec_fma(p, z, esp_vec_set(-5.37433123e-2f));
  p = esp_vec_fma(p, z, esp_vec_set(0.133314892f));
  p = esp_vec_fma(p, z, esp_vec_set(-0.3333328385f));
  esp_vec near = esp_vec_fma(esp_vec_mul(p, z), x, x);
  esp_vec e = esp_vec_exp(esp_vec_add(size, size));
  esp_vec far = esp_vec_sub(one, esp_vec_div(esp_vec_set(2.0f), esp_vec_add(e, one)));
  return esp_vec_select(
      esp_vec_less(size, esp_vec_set(0.625f)), near, esp_vec_copy_sign(far, x));
}

/// erf x within 2e-7 absolutely.
static inline esp_vec esp_vec_erf(esp_vec x) {
  esp_vec size = esp_vec_abs(x), z = esp_vec_mul(x, x);
  esp_vec p = esp_vec_set(7.8892789617e-5f);
  p = esp_vec_fma(p, z, esp_vec_set(-8.0208931476e-4f));
  p = esp_vec_fma(p, z, esp_vec_set(5.1895418211e-3f));
  p = esp_vec_fma(p, z, esp_vec_set(-2.6854448473e-2f));
  p = esp_vec_fma(p, z, esp_vec_set(0.11283600289f));
  p = esp_vec_fma(p, z, esp_vec_set(-0.37612627150f));
  p = esp_vec_fma(p, z, esp_vec_set(1.1283791659f));
  esp_vec near = esp_vec_mul(p, x);
  // Beyond 1: 1 - e^-q, where q approximates -ln erfc on 1 ... 4; at 4 erf is 1 in float.
  esp_vec t = esp_vec_min(esp_vec_set(4.0f), size);
  esp_vec q = esp_vec_set(2.1423960223e-5f);
  q = esp_vec_fma(q, t, esp_vec_set(-4.3810454641e-4f));
  q = esp_vec_fma(q, t, esp_vec_set(4.1879087465e-3f));
  q = esp_vec_fma(q, t, esp_vec_set(-2.5161617847e-2f));
  q = esp_vec_fma(q, t, esp_vec_set(0.10834187555f));
  q = esp_vec_fma(q, t, esp_vec_set(0.63329400531f));
  q = esp_vec_fma(q, t, esp_vec_set(1.1295394441f));
  q = esp_vec_fma(q, t, esp_vec_set(-1.7942500155e-4f));
  esp_vec far = esp_vec_sub(esp_vec_set(1.0f), esp_vec_exp(esp_vec_neg(q)));
  return esp_vec_select(
      esp_vec_less(size, esp_vec_set(1.0f)), near, esp_vec_copy_sign(far, x));
}

/// min(max(x, low), high); a NaN stays.
static inline esp_vec esp_vec_clip(esp_vec x, esp_vec low, esp_vec high) {
  return esp_vec_min(high, esp_vec_max(low, x));
}

/// x clip(x/6 + 1/2, 0, 1).
static inline esp_vec esp_vec_hard_swish(esp_vec x) {
  esp_vec gate = esp_vec_fma(x, esp_vec_set(1.0f / 6.0f), esp_vec_set(0.5f));
  return esp_vec_mul(x, esp_vec_clip(gate, esp_vec_set(0.0f), esp_vec_set(1.0f)));
}

/// x (1 + erf(x / sqrt 2)) / 2 within 5e-8 and one ulp.
///
/// That is max(x, 0) - u erfc(u / sqrt 2) / 2 with u = |x|. What u is multiplied by is 2^-q, where q
/// is a polynomial that makes the largest error of the product least on 0 ... 7; at 12.5 it is -199,
/// so that what is far below zero becomes zero.
static inline esp_vec esp_vec_gelu(esp_vec x) {
  esp_vec u = esp_vec_min(esp_vec_set(12.5f), esp_vec_abs(x));
  esp_vec q = esp_vec_set(-8.4939586e-7f);
  q = esp_vec_fma(q, u, esp_vec_set(1.43535117e-5f));
  q = esp_vec_fma(q, u, esp_vec_set(-5.92710967e-5f));
  q = esp_vec_fma(q, u, esp_vec_set(-4.7107393e-4f));
  q = esp_vec_fma(q, u, esp_vec_set(7.55496649e-3f));
  q = esp_vec_fma(q, u, esp_vec_set(-5.29008731e-2f));
  q = esp_vec_fma(q, u, esp_vec_set(-0.45903179f));
  q = esp_vec_fma(q, u, esp_vec_set(-1.15114069f));
  q = esp_vec_fma(q, u, esp_vec_set(-0.999997675f));
  esp_vec n = esp_vec_round(q), r = esp_vec_mul(esp_vec_sub(q, n), esp_vec_set(0.69314718f));
  esp_vec below = esp_vec_mul(u, esp_vec_exp_of_parts(r, n));
  return esp_vec_sub(esp_vec_max(esp_vec_set(0.0f), x), below);
}

/// x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2, which is x / (1 + e^-2(...)), likewise.
static inline esp_vec esp_vec_gelu_tanh(esp_vec x) {
  esp_vec z = esp_vec_mul(x, x), one = esp_vec_set(1.0f);
  esp_vec inner = esp_vec_mul(x, esp_vec_fma(z, esp_vec_set(-0.0713548162f),
                                             esp_vec_set(-1.595769122f)));
  return esp_vec_div(x, esp_vec_add(one, esp_vec_exp(inner)));
}

/// One of esp_activation's functions (codes 0 ... 10, shared with esp_unary_kind).
static inline esp_vec esp_vec_activate(int kind, float a, float b, esp_vec x) {
  esp_vec zero = esp_vec_set(0.0f), one = esp_vec_set(1.0f);
  switch (kind) {
    case 1: return esp_vec_max(zero, x);
    case 2: return esp_vec_clip(x, esp_vec_set(a), esp_vec_set(b));
    case 3: return esp_vec_select(esp_vec_less(x, zero), esp_vec_mul(x, esp_vec_set(a)), x);
    case 4: return esp_vec_sigmoid(x);
    case 5: return esp_vec_silu(x, a);
    case 6: return esp_vec_hard_swish(x);
    case 7: return esp_vec_clip(esp_vec_fma(x, esp_vec_set(a), esp_vec_set(b)), zero, one);
    case 8: return esp_vec_tanh(x);
    case 9: return esp_vec_gelu(x);
    case 10: return esp_vec_gelu_tanh(x);
    default: return x;
  }
}
