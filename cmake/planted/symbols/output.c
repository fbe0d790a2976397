// expect: puts: output
#include <stdio.h>
int fault(void) { return puts("seen"); }
