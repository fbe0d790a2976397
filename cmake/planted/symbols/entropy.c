// expect: getrandom: entropy
#include <sys/random.h>
long fault(void* p) { return getrandom(p, 16, 0); }
