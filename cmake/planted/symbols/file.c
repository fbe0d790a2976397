// expect: fopen: file
#include <stdio.h>
void* fault(void) { return fopen("/etc/hostname", "r"); }
