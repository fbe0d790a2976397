// expect: getenv: process
#include <stdlib.h>
char* fault(void) { return getenv("HOME"); }
