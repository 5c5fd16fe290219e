// Random numbers of one mutation, all from the seed that libFuzzer gives.
#ifndef ESPALIER_FUZZ_RANDOM_H
#define ESPALIER_FUZZ_RANDOM_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fuzz {

class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}

  uint64_t next() {  // SplitMix64
    uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

  /// 0 ..< count; 0 where there is nothing to choose from.
  size_t below(size_t count) { return count == 0 ? 0 : size_t(next() % count); }
  int64_t between(int64_t least, int64_t most) {
    return least + int64_t(below(size_t(most - least + 1)));
  }
  bool one_in(size_t count) { return below(count) == 0; }

  /// An element, null where there is none.
  template <typename T>
  T *pick(std::vector<T> &elements) {
    return elements.empty() ? nullptr : &elements[below(elements.size())];
  }
  template <typename T, size_t count>
  T pick(const T (&elements)[count]) {
    return elements[below(count)];
  }

 private:
  uint64_t state_;
};

}  // namespace fuzz

#endif
