// expect: clock_gettime: clock
#include <time.h>
long fault(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec;
}
