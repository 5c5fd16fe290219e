// CRC-32C. Processors with an instruction for it run three independent sums at once, because the
// instruction has a latency of three cycles, and then join them.
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "include/CEspalierModelFile.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <nmmintrin.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <arm_acle.h>
#include <sys/auxv.h>
#endif

namespace {

constexpr uint32_t polynomial = 0x82F63B78;  // reflected

struct Tables {
  uint32_t entry[8][256];
};

/// entry[k][b] is the sum of byte b followed by k zero bytes.
constexpr Tables make_tables() {
  Tables tables = {};
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t sum = byte;
    for (int bit = 0; bit < 8; bit++) sum = (sum >> 1) ^ ((sum & 1) != 0 ? polynomial : 0);
    tables.entry[0][byte] = sum;
  }
  for (int k = 1; k < 8; k++) {
    for (uint32_t byte = 0; byte < 256; byte++) {
      const uint32_t before = tables.entry[k - 1][byte];
      tables.entry[k][byte] = (before >> 8) ^ tables.entry[0][before & 255];
    }
  }
  return tables;
}

constexpr Tables tables = make_tables();

uint64_t load64(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, sizeof word);
  return word;
}

/// Any processor: eight bytes at a time through eight tables.
uint32_t sum_portable(uint32_t sum, const uint8_t *bytes, size_t length) {
  for (; length >= 8; bytes += 8, length -= 8) {
    const uint64_t word = load64(bytes) ^ sum;
    sum = 0;
    for (int k = 0; k < 8; k++) sum ^= tables.entry[7 - k][(word >> (8 * k)) & 255];
  }
  for (; length > 0; bytes++, length--) sum = (sum >> 8) ^ tables.entry[0][(sum ^ *bytes) & 255];
  return sum;
}

/// The product of two polynomials modulo the CRC's, bit 31 being x^0.
uint32_t multiply(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (int bit = 31; bit >= 0; bit--) {
    product ^= b & (0 - ((a >> bit) & 1));
    b = (b >> 1) ^ (polynomial & (0 - (b & 1)));
  }
  return product;
}

/// x^(8 * bytes): multiplying a sum by it appends that many zero bytes.
uint32_t zeros(size_t bytes) {
  uint32_t result = uint32_t(1) << 31, power = uint32_t(1) << 23;  // x^0, x^8
  for (; bytes != 0; bytes >>= 1) {
    if ((bytes & 1) != 0) result = multiply(result, power);
    power = multiply(power, power);
  }
  return result;
}

#if defined(__x86_64__) || (defined(__aarch64__) && defined(__linux__))

#if defined(__x86_64__)
#define ESP_CRC_TARGET __attribute__((target("sse4.2")))
ESP_CRC_TARGET inline uint32_t advance8(uint32_t sum, const uint8_t *bytes) {
  return uint32_t(_mm_crc32_u64(sum, load64(bytes)));
}
ESP_CRC_TARGET inline uint32_t step1(uint32_t sum, uint8_t byte) {
  return _mm_crc32_u8(sum, byte);
}
bool detect() {
  unsigned a, b, c, d;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_SSE4_2) != 0;
}
#else
#if defined(__clang__)
#define ESP_CRC_TARGET __attribute__((target("crc")))
#else
#define ESP_CRC_TARGET __attribute__((target("+crc")))
#endif
ESP_CRC_TARGET inline uint32_t advance8(uint32_t sum, const uint8_t *bytes) {
  return __crc32cd(sum, load64(bytes));
}
ESP_CRC_TARGET inline uint32_t step1(uint32_t sum, uint8_t byte) { return __crc32cb(sum, byte); }
bool detect() {
  const unsigned long crc32_capability = 1ul << 7;  // HWCAP_CRC32
  return (getauxval(AT_HWCAP) & crc32_capability) != 0;
}
#endif

/// Three parts of `part` bytes, a multiple of 8, as often as they fit.
ESP_CRC_TARGET uint32_t sum_triples(uint32_t sum, const uint8_t **bytes, size_t *length,
                                    size_t part) {
  if (*length < 3 * part) return sum;
  const uint32_t one = zeros(part), two = multiply(one, one);
  while (*length >= 3 * part) {
    const uint8_t *p = *bytes;
    uint32_t second = 0, third = 0;
    for (size_t i = 0; i < part; i += 8) {
      sum = advance8(sum, p + i);
      second = advance8(second, p + part + i);
      third = advance8(third, p + 2 * part + i);
    }
    sum = multiply(sum, two) ^ multiply(second, one) ^ third;
    *bytes += 3 * part;
    *length -= 3 * part;
  }
  return sum;
}

ESP_CRC_TARGET uint32_t sum_hardware(uint32_t sum, const uint8_t *bytes, size_t length) {
  sum = sum_triples(sum, &bytes, &length, 65536);
  sum = sum_triples(sum, &bytes, &length, 2048);
  for (; length >= 8; bytes += 8, length -= 8) sum = advance8(sum, bytes);
  for (; length > 0; bytes++, length--) sum = step1(sum, *bytes);
  return sum;
}

/// Asking the processor is slow, under a hypervisor very slow, so its answer is kept: 1 no, 2 yes.
bool has_instruction() {
  static int answer = 0;
  int known = __atomic_load_n(&answer, __ATOMIC_RELAXED);
  if (known == 0) {
    known = detect() ? 2 : 1;
    __atomic_store_n(&answer, known, __ATOMIC_RELAXED);
  }
  return known == 2;
}

#endif

}  // namespace

uint32_t esp_crc32c_portable(uint32_t crc, const void *bytes, size_t length) {
  return ~sum_portable(~crc, static_cast<const uint8_t *>(bytes), length);
}

uint32_t esp_crc32c(uint32_t crc, const void *bytes, size_t length) {
#if defined(__x86_64__) || (defined(__aarch64__) && defined(__linux__))
  if (has_instruction()) {
    return ~sum_hardware(~crc, static_cast<const uint8_t *>(bytes), length);
  }
#endif
  return esp_crc32c_portable(crc, bytes, length);
}

uint32_t esp_crc32c_join(uint32_t first, uint32_t second, uint64_t second_length) {
  return multiply(first, zeros(size_t(second_length))) ^ second;
}
