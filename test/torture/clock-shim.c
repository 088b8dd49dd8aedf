/* Preloaded into a gateway, to move its clock.
 *
 * CLOCK_SHIM_FILE  its first eight bytes are how far the wall clock is off, in ms, signed; they may
 *                  change at any time.
 * CLOCK_SHIM_ALL   set: the monotonic clock jumps with it, which no machine's does. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *offset_ms;
static int all;

__attribute__((constructor)) static void prepare(void) {
  const char *path = getenv("CLOCK_SHIM_FILE");
  int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void *mapped = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (mapped != MAP_FAILED) offset_ms = mapped;
  all = getenv("CLOCK_SHIM_ALL") != NULL;
}

static int jumps(clockid_t clock) {
  if (offset_ms == NULL) return 0;
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) return 1;
  return all && (clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_RAW ||
                 clock == CLOCK_MONOTONIC_COARSE || clock == CLOCK_BOOTTIME);
}

static void add(struct timespec *time, int64_t ms) {
  time->tv_sec += ms / 1000;
  time->tv_nsec += (ms % 1000) * 1000000;
  if (time->tv_nsec >= 1000000000) {
    time->tv_sec += 1;
    time->tv_nsec -= 1000000000;
  } else if (time->tv_nsec < 0) {
    time->tv_sec -= 1;
    time->tv_nsec += 1000000000;
  }
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  if (syscall(SYS_clock_gettime, clock, now) != 0) return -1;
  if (!jumps(clock)) return 0;
  add(now, *offset_ms);
  return 0;
}

/* Waits until a time of this clock; the kernel, which counts by its own, would wait for days. */
int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                           const struct timespec *until) {
  static int (*wait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
  if (wait == NULL) wait = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
  struct timespec real = *until;
  if (jumps(CLOCK_REALTIME)) add(&real, -*offset_ms);
  return wait(condition, mutex, &real);
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  (void)zone;
  struct timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *now) {
  struct timespec precise;
  clock_gettime(CLOCK_REALTIME, &precise);
  if (now != NULL) *now = precise.tv_sec;
  return precise.tv_sec;
}
