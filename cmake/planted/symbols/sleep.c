// expect: nanosleep: sleep
#include <time.h>
int fault(void) {
  struct timespec t = {1, 0};
  return nanosleep(&t, 0);
}
