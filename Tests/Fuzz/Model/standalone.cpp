// Runs files, and mutations of each, where there is no libFuzzer: on boards and under emulators.
//
//   usage: fuzz-model MUTATIONS SEED LIST      LIST names a file a line
#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *, size_t);
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *, size_t, size_t, unsigned);

/// Any one byte.
extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t) {
  if (size > 0) data[size_t(rand()) % size] ^= uint8_t(1u << (rand() % 8));
  return size;
}

namespace {

constexpr size_t capacity = 16384;
constexpr unsigned longest_seconds = 60;
std::vector<uint8_t> current;

/// Leaves the input that ends the program beside it.
void give_up(int signal) {
  FILE *file = fopen("fuzz-model.found", "wb");
  if (file != nullptr) {
    fwrite(current.data(), 1, current.size(), file);
    fclose(file);
  }
  fprintf(stderr, "signal %d; the input is fuzz-model.found\n", signal);
  _exit(1);
}

}  // namespace

int main(int count, char **arguments) {
  if (count != 4) return 64;
  for (int signal : {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE, SIGALRM}) ::signal(signal, give_up);
  const unsigned mutations = unsigned(atoi(arguments[1])), seed = unsigned(atoi(arguments[2]));
  std::ifstream list(arguments[3]);
  unsigned files = 0, executions = 0;
  for (std::string path; std::getline(list, path); files++) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
    for (unsigned mutation = 0; mutation <= mutations && bytes.size() <= capacity; mutation++) {
      current = bytes;
      current.resize(capacity);
      size_t size = bytes.size();
      // Each is a mutation of the file itself, so that its seed alone makes it again.
      if (mutation > 0) {
        size = LLVMFuzzerCustomMutator(current.data(), size, capacity,
                                       seed + files * (mutations + 1) + mutation);
      }
      current.resize(size);
      alarm(longest_seconds);
      LLVMFuzzerTestOneInput(current.data(), size);
      executions++;
    }
  }
  printf("%u files, %u executions, seed %u\n", files, executions, seed);
  return executions == 0;
}
