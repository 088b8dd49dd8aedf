/* Preloaded into the gateway, to stand for a slower disk: every fsync and fdatasync takes
 * SLOW_SYNC_US longer, and is counted in the first 8 bytes of the file SLOW_SYNC_COUNT. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static struct timespec delay;
static _Atomic long *count;

__attribute__((constructor)) static void prepare(void) {
  const char *us = getenv("SLOW_SYNC_US");
  const char *path = getenv("SLOW_SYNC_COUNT");
  if (us == NULL || path == NULL) return;
  delay.tv_sec = atol(us) / 1000000;
  delay.tv_nsec = atol(us) % 1000000 * 1000;
  int file = open(path, O_RDWR);
  void *page = mmap(NULL, sizeof(long), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (page != MAP_FAILED) count = page;
  close(file);
}

static void slow_down(void) {
  struct timespec left = delay;
  while (nanosleep(&left, &left) != 0) {
  }
  if (count != NULL) atomic_fetch_add(count, 1);
}

int fsync(int file) {
  slow_down();
  return syscall(SYS_fsync, file);
}

int fdatasync(int file) {
  slow_down();
  return syscall(SYS_fdatasync, file);
}
