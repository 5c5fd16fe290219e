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

int esp_board_write(const char *path, const void *header, size_t header_length, const void *body,
                    size_t body_length) {
  size_t size = strlen(path) + sizeof ".XXXXXX";
  char *beside = malloc(size);
  if (beside == NULL) return -ENOMEM;
  snprintf(beside, size, "%s.XXXXXX", path);
  int status = 0;
  int file = mkostemp(beside, O_CLOEXEC);
  if (file < 0) {
    status = -errno;
    free(beside);
    return status;
  }
  status = write_all(file, header, header_length);
  if (status == 0) status = write_all(file, body, body_length);
  mode_t mask = umask(0);
  umask(mask);
  if (status == 0 && fchmod(file, 0666 & ~mask) != 0) status = -errno;
  if (status == 0 && fsync(file) != 0) status = -errno;
  if (close(file) != 0 && status == 0) status = -errno;
  if (status == 0 && rename(beside, path) != 0) status = -errno;
  if (status != 0) unlink(beside);
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

const char *esp_board_explain(int status) {
  switch (status) {
    case ESP_BOARD_NOT_REGULAR: return "not a regular file";
    case ESP_BOARD_TOO_LARGE: return "larger than the limit";
    default: return strerror(-status);
  }
}
