#define _GNU_SOURCE
#include "CEspalierBoard.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int esp_board_map(const char *path, uint64_t limit, const void **bytes, size_t *length) {
  *bytes = NULL;
  *length = 0;
  // Without O_NONBLOCK, opening a pipe would wait for a writer before it could be refused.
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return -errno;
  int status = 0;
  struct stat facts;
  if (fstat(file, &facts) != 0) {
    status = -errno;
  } else if (!S_ISREG(facts.st_mode)) {
    status = ESP_BOARD_NOT_REGULAR;
  } else if (facts.st_size < 0 || (uint64_t)facts.st_size > limit ||
             (uint64_t)facts.st_size > PTRDIFF_MAX) {
    status = ESP_BOARD_TOO_LARGE;
  } else if (facts.st_size > 0) {
    // The checksum reads every page right away, so one pass that maps them all is cheaper than a
    // fault for every few of them.
    void *mapping = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (mapping == MAP_FAILED) {
      status = -errno;
    } else {
      *bytes = mapping;
      *length = (size_t)facts.st_size;
    }
  }
  close(file);
  return status;
}

void esp_board_unmap(const void *bytes, size_t length) {
  if (bytes != NULL) munmap((void *)bytes, length);
}

int esp_board_read_text(const char *path, char *text, size_t capacity) {
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return -errno;
  size_t count = 0;
  int status = 0;
  while (count < capacity) {
    ssize_t part = read(file, text + count, capacity - count);
    if (part < 0 && errno == EINTR) continue;
    if (part < 0) status = -errno;
    if (part <= 0) break;
    count += (size_t)part;
  }
  close(file);
  return status < 0 ? status : (int)count;
}

static int write_all(int file, const void *bytes, size_t length) {
  const char *next = bytes;
  while (length > 0) {
    ssize_t part = write(file, next, length);
    if (part < 0 && errno == EINTR) continue;
    if (part < 0) return -errno;
    next += part;
    length -= (size_t)part;
  }
  return 0;
}

/// Opens a new file in the folder of `path`: without a name where the system can, so that nothing is left
/// of it where the program is ended, else called `beside`. Returns it, or a negative errno value.
static int open_beside(const char *path, const char *beside, int *has_name) {
  const char *slash = strrchr(path, '/');
  char *folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
  if (folder == NULL) return -ENOMEM;
  int file = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
  free(folder);
  // It cannot be named where /proc is not there.
  *has_name = file < 0 || access("/proc/self/fd", X_OK) != 0;
  if (!*has_name) return file;
  if (file >= 0) close(file);
  file = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  return file < 0 ? -errno : file;
}

/// Gives a file without a name one.
static int name_file(int file, const char *name) {
  char own[32];
  snprintf(own, sizeof own, "/proc/self/fd/%d", file);
  return linkat(AT_FDCWD, own, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0 ? 0 : -errno;
}

int esp_board_write(const char *path, const void *header, size_t header_length, const void *body,
                    size_t body_length) {
  struct stat facts;
  // A rename would replace a device or a pipe by a file.
  if (stat(path, &facts) == 0 && !S_ISREG(facts.st_mode)) {
    return S_ISDIR(facts.st_mode) ? -EISDIR : ESP_BOARD_NOT_REGULAR;
  }
  size_t size = strlen(path) + sizeof ".-0.part" + 20;
  char *beside = malloc(size);
  if (beside == NULL) return -ENOMEM;
  snprintf(beside, size, "%s.%ld-0.part", path, (long)getpid());
  int has_name = 0;
  int file = open_beside(path, beside, &has_name), status = file < 0 ? file : 0;
  if (file < 0) {
    free(beside);
    return status;
  }
  status = write_all(file, header, header_length);
  if (status == 0) status = write_all(file, body, body_length);
  if (status == 0 && fsync(file) != 0) status = -errno;
  if (status == 0 && !has_name) {
    status = name_file(file, beside);
    has_name = status == 0;
  }
  if (close(file) != 0 && status == 0) status = -errno;
  if (status == 0 && rename(beside, path) != 0) status = -errno;
  if (status != 0 && has_name) unlink(beside);
  free(beside);
  return status;
}

int esp_board_make_folder(const char *path) {
  if (mkdir(path, 0777) == 0) return 0;
  int status = -errno;
  struct stat facts;
  if (status == -EEXIST && stat(path, &facts) == 0 && S_ISDIR(facts.st_mode)) return 0;
  return status;
}

int esp_board_print(int descriptor, const void *text, size_t length) {
  return write_all(descriptor, text, length);
}

uint64_t esp_board_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int esp_board_cores(int32_t *cores, int32_t capacity) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return -errno;
  int32_t found = 0;
  for (int32_t core = 0; core < CPU_SETSIZE; core++) {
    if (!CPU_ISSET(core, &set)) continue;
    if (cores != NULL && found < capacity) cores[found] = core;
    found++;
  }
  return found;
}

int esp_board_copy_prefix(const void *bytes, size_t length, size_t prefix) {
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  if (prefix > length) prefix = length;
  prefix = (prefix + page - 1) / page * page;
  if (bytes == NULL || prefix == 0) return 0;
  void *copy = mmap(NULL, prefix, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (copy == MAP_FAILED) return -errno;
  memcpy(copy, bytes, prefix);
  if (mprotect(copy, prefix, PROT_READ) == 0 &&
      mremap(copy, prefix, prefix, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)bytes) != MAP_FAILED) {
    return 0;
  }
  int status = -errno;
  munmap(copy, prefix);
  return status;
}

const char *esp_board_explain(int status) {
  switch (status) {
    case ESP_BOARD_NOT_REGULAR: return "not a regular file";
    case ESP_BOARD_TOO_LARGE: return "larger than the limit";
    default: return strerror(-status);
  }
}
