// Files that appear whole or not at all.
#define _GNU_SOURCE  // strndup, O_CLOEXEC, O_TMPFILE, madvise under -std=c17

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "include/CEspalierModelFile.h"

enum { MOST_ATTEMPTS = 100, SUFFIX_BYTES = 48 };

struct esp_file_writer {
  int file;
  /// Whether the file has no name yet, so that nothing is left of it where the program is ended.
  bool is_unnamed;
  char *path, *temporary;
};

static void release(esp_file_writer *writer) {
  free(writer->path);
  free(writer->temporary);
  free(writer);
}

/// The folder of a path; free it.
static char *folder_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
}

/// Makes `writer->temporary` a name beside `writer->path` and gives it to a file: the writer's own, which
/// has none, or a new one. Returns 0 or errno.
static int take_temporary_name(esp_file_writer *writer) {
  const size_t length = strlen(writer->path) + SUFFIX_BYTES;
  char own[SUFFIX_BYTES];
  snprintf(own, sizeof own, "/proc/self/fd/%d", writer->file);
  for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    snprintf(writer->temporary, length, "%s.%ld-%d.part", writer->path, (long)getpid(), attempt);
    if (writer->is_unnamed) {
      if (linkat(AT_FDCWD, own, AT_FDCWD, writer->temporary, AT_SYMLINK_FOLLOW) == 0) return 0;
    } else {
      writer->file = open(writer->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (writer->file >= 0) return 0;
    }
    if (errno != EEXIST) return errno;
  }
  return EEXIST;
}

/// Opens a new file beside `writer->path`, without a name where the file system can; returns 0 or errno.
static int open_temporary(esp_file_writer *writer) {
  writer->temporary = malloc(strlen(writer->path) + SUFFIX_BYTES);
  char *folder = folder_of(writer->path);
  if (writer->temporary == NULL || folder == NULL) {
    free(folder);
    return ENOMEM;
  }
  writer->file = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
  free(folder);
  // It cannot be named where /proc is not there.
  writer->is_unnamed = writer->file >= 0 && access("/proc/self/fd", X_OK) == 0;
  if (writer->is_unnamed) return 0;
  if (writer->file >= 0) close(writer->file);
  return take_temporary_name(writer);
}

esp_file_writer *esp_file_begin(const char *path, int *error) {
  struct stat present;
  // A rename would replace a device or a pipe by a file.
  if (stat(path, &present) == 0 && !S_ISREG(present.st_mode)) {
    *error = S_ISDIR(present.st_mode) ? EISDIR : EEXIST;
    return NULL;
  }
  esp_file_writer *writer = malloc(sizeof *writer);
  if (writer == NULL) {
    *error = ENOMEM;
    return NULL;
  }
  writer->temporary = NULL;
  writer->is_unnamed = false;
  writer->path = strdup(path);
  *error = writer->path == NULL ? ENOMEM : open_temporary(writer);
  if (*error != 0) {
    release(writer);
    return NULL;
  }
  return writer;
}

int esp_file_resize(esp_file_writer *writer, uint64_t length) {
  return ftruncate(writer->file, (off_t)length) == 0 ? 0 : errno;
}

int esp_file_write(esp_file_writer *writer, const void *bytes, size_t length, uint64_t offset) {
  const uint8_t *next = bytes;
  while (length > 0) {
    const ssize_t written = pwrite(writer->file, next, length, (off_t)offset);
    if (written < 0 && errno != EINTR) return errno;
    if (written < 0) continue;
    next += written;
    offset += (uint64_t)written;
    length -= (size_t)written;
  }
  return 0;
}

int esp_file_map(esp_file_writer *writer, const void **bytes, size_t *length) {
  struct stat written;
  if (fstat(writer->file, &written) != 0) return errno;
  *length = (size_t)written.st_size;
  void *mapped = mmap(NULL, *length, PROT_READ, MAP_SHARED, writer->file, 0);
  if (mapped == MAP_FAILED) return errno;
  *bytes = mapped;
  return 0;
}

void esp_file_unmap(const void *bytes, size_t length) { munmap((void *)(uintptr_t)bytes, length); }

void esp_file_let_go(const void *bytes, size_t length) {
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  const uintptr_t first = ((uintptr_t)bytes + page - 1) / page * page;
  const uintptr_t end = ((uintptr_t)bytes + length) / page * page;
  // The mapping is of a file and shared, so that nothing but time is lost, here or where this fails.
  if (first < end) madvise((void *)first, end - first, MADV_DONTNEED);
}

/// Makes the new name survive a power cut; file systems that cannot are none of our business.
static void synchronise_folder(const char *path) {
  char *folder = folder_of(path);
  if (folder == NULL) return;
  const int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file >= 0) {
    fsync(file);
    close(file);
  }
  free(folder);
}

int esp_file_commit(esp_file_writer *writer) {
  int error = fsync(writer->file) == 0 ? 0 : errno;
  if (error == 0 && writer->is_unnamed) {
    error = take_temporary_name(writer);
    if (error == 0) writer->is_unnamed = false;
  }
  if (close(writer->file) != 0 && error == 0) error = errno;
  if (error == 0 && rename(writer->temporary, writer->path) != 0) error = errno;
  if (error == 0) {
    synchronise_folder(writer->path);
  } else if (!writer->is_unnamed) {
    unlink(writer->temporary);
  }
  release(writer);
  return error;
}

void esp_file_abandon(esp_file_writer *writer) {
  close(writer->file);
  if (!writer->is_unnamed) unlink(writer->temporary);
  release(writer);
}
