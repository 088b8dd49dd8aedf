/* Preloaded into a gateway, to stand between it and its disk. Looks at files below SHIM_DIR only.
 *
 * SHIM_LOG      every change of a file and every sync is appended to this file, a record each, see
 *               disk-log.ts; whoever else appends to it stands in the same order.
 * SHIM_SYNC_US  every sync takes so much longer.
 * SHIM_LIE      set: fdatasync does nothing and says that it did.
 * SHIM_FAIL     `call:error:nth:count`: of all `call`s (pwrite, fsync, fdatasync, ftruncate)
 *               the nth and the count - 1 after it fail with this errno; error 0 is a write that
 *               stops halfway.
 * SHIM_HIT      this file is created when the first of them fails.
 * SHIM_ARMED    none of them counts before there is this file. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int record_file = -1;
static const char *directory, *lie, *hit, *armed;
static size_t directory_length;
static long sync_us;
static char fail_call[16];
static int fail_error, fail_nth, fail_count;
static _Atomic int calls, syncs, wal_writes;
static struct timespec loaded;

__attribute__((constructor)) static void prepare(void) {
  directory = getenv("SHIM_DIR");
  if (directory == NULL) return;
  directory_length = strlen(directory);
  clock_gettime(CLOCK_REALTIME_COARSE, &loaded);
  lie = getenv("SHIM_LIE");
  hit = getenv("SHIM_HIT");
  armed = getenv("SHIM_ARMED");
  if (getenv("SHIM_SYNC_US") != NULL) sync_us = atol(getenv("SHIM_SYNC_US"));
  if (getenv("SHIM_FAIL") != NULL)
    sscanf(getenv("SHIM_FAIL"), "%15[a-z]:%d:%d:%d", fail_call, &fail_error, &fail_nth, &fail_count);
  if (getenv("SHIM_LOG") != NULL)
    record_file = syscall(SYS_openat, AT_FDCWD, getenv("SHIM_LOG"),
                          O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

/* The path below SHIM_DIR, or NULL for a file elsewhere. */
static const char *below(const char *path) {
  if (directory == NULL || strncmp(path, directory, directory_length) != 0) return NULL;
  path += directory_length;
  return *path == '/' ? path + 1 : *path == 0 ? path : NULL;
}

static const char *path_of(int file, char *buffer, size_t size) {
  char link[32];
  if (directory == NULL) return NULL;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, buffer, size - 1);
  if (length < 0) return NULL;
  buffer[length] = 0;
  return below(buffer);
}

/* One write to a file opened with O_APPEND: the kernel keeps the records of all threads and
 * processes apart and in order. */
static void record(char kind, const char *path, int64_t number, const void *data, uint32_t length) {
  if (record_file < 0) return;
  uint16_t path_length = strlen(path);
  size_t size = 16 + path_length + length;
  char *bytes = malloc(size);
  memset(bytes, 0, 16);
  bytes[0] = kind;
  memcpy(bytes + 2, &path_length, 2);
  memcpy(bytes + 4, &length, 4);
  memcpy(bytes + 8, &number, 8);
  memcpy(bytes + 16, path, path_length);
  if (length > 0) memcpy(bytes + 16 + path_length, data, length);
  if (syscall(SYS_write, record_file, bytes, size) != (ssize_t)size) abort();
  free(bytes);
}

/* Whether it is this call's turn to fail. Only those for the database, its WAL and its journal count:
 * what becomes of a directory's sync SQLite does not look at, and the gateway syncs it again. */
static int fails(const char *call, const char *path) {
  if (fail_count == 0 || strcmp(fail_call, call) != 0 || strstr(path, "inlet.db") == NULL) return 0;
  if (armed != NULL && syscall(SYS_faccessat, AT_FDCWD, armed, F_OK) != 0) return 0;
  int nth = atomic_fetch_add(&calls, 1) + 1;
  if (nth < fail_nth || nth >= fail_nth + fail_count) return 0;
  if (hit != NULL) close(syscall(SYS_openat, AT_FDCWD, hit, O_WRONLY | O_CREAT, 0600));
  return 1;
}

static ssize_t write_at(int file, const void *data, size_t length, off_t offset) {
  char buffer[4096];
  const char *path = path_of(file, buffer, sizeof buffer);
  if (path != NULL && fails("pwrite", path)) {
    if (fail_error != 0) {
      errno = fail_error;
      return -1;
    }
    length = length > 1 ? length / 2 : length;
  }
  ssize_t written = syscall(SYS_pwrite64, file, data, length, offset);
  if (path != NULL && written > 0) {
    if (strstr(path, "-wal") != NULL) wal_writes += 1;
    record('W', path, offset, data, written);
  }
  return written;
}

ssize_t pwrite(int file, const void *data, size_t length, off_t offset) {
  return write_at(file, data, length, offset);
}

ssize_t pwrite64(int file, const void *data, size_t length, off64_t offset) {
  return write_at(file, data, length, offset);
}

/* Bun itself writes by system calls that no library sees. It does so to a WAL only before SQLite
 * opens it, and then the time of the file says so. */
static void record_unseen(int file, const char *path) {
  struct stat status;
  if (wal_writes > 0 || record_file < 0 || strstr(path, "-wal") == NULL) return;
  if (fstat(file, &status) != 0 || status.st_size == 0) return;
  struct timespec at = status.st_mtim;
  if (at.tv_sec < loaded.tv_sec || (at.tv_sec == loaded.tv_sec && at.tv_nsec <= loaded.tv_nsec)) return;
  char *bytes = malloc(status.st_size);
  ssize_t length = syscall(SYS_pread64, file, bytes, status.st_size, 0);
  if (length != status.st_size) abort();
  record('W', path, 0, bytes, length);
  free(bytes);
}

static int sync_file(int file, const char *call, long number) {
  char buffer[4096];
  const char *path = path_of(file, buffer, sizeof buffer);
  if (path == NULL) return syscall(number, file);
  int64_t id = atomic_fetch_add(&syncs, 1) + ((int64_t)getpid() << 32);
  if (lie != NULL && number == SYS_fdatasync) return 0;
  record_unseen(file, path);
  record('B', path, id, NULL, 0);
  struct timespec left = {sync_us / 1000000, sync_us % 1000000 * 1000};
  while (sync_us > 0 && nanosleep(&left, &left) != 0) {
  }
  if (fails(call, path)) {
    record('F', path, id, NULL, 0);
    errno = fail_error;
    return -1;
  }
  int result = syscall(number, file);
  if (result == 0) record('E', path, id, NULL, 0);
  return result;
}

int fsync(int file) { return sync_file(file, "fsync", SYS_fsync); }

int fdatasync(int file) { return sync_file(file, "fdatasync", SYS_fdatasync); }

static int truncate_to(int file, off_t length) {
  char buffer[4096];
  const char *path = path_of(file, buffer, sizeof buffer);
  if (path != NULL && fail_error != 0 && fails("ftruncate", path)) {
    errno = fail_error;
    return -1;
  }
  int result = syscall(SYS_ftruncate, file, length);
  if (path != NULL && result == 0) record('T', path, length, NULL, 0);
  return result;
}

int ftruncate(int file, off_t length) { return truncate_to(file, length); }

int ftruncate64(int file, off64_t length) { return truncate_to(file, length); }

static int open_at(int folder, const char *path, int flags, mode_t mode) {
  struct stat before;
  const char *name = (flags & O_CREAT) != 0 && folder == AT_FDCWD ? below(path) : NULL;
  int is_new = name != NULL && stat(path, &before) != 0;
  int file = syscall(SYS_openat, folder, path, flags, mode);
  if (is_new && file >= 0) record('C', name, 0, NULL, 0);
  return file;
}

static mode_t mode_of(int flags, va_list arguments) {
  return (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(name)                                   \
  int name(const char *path, int flags, ...) {       \
    va_list arguments;                               \
    va_start(arguments, flags);                      \
    mode_t mode = mode_of(flags, arguments);         \
    va_end(arguments);                               \
    return open_at(AT_FDCWD, path, flags, mode);     \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                       \
  int name(int folder, const char *path, int flags, ...) { \
    va_list arguments;                                     \
    va_start(arguments, flags);                            \
    mode_t mode = mode_of(flags, arguments);               \
    va_end(arguments);                                     \
    return open_at(folder, path, flags, mode);             \
  }
OPENAT(openat)
OPENAT(openat64)

int unlink(const char *path) {
  int result = syscall(SYS_unlinkat, AT_FDCWD, path, 0);
  const char *name = below(path);
  if (name != NULL && result == 0) record('U', name, 0, NULL, 0);
  return result;
}
