// expect: randombytes_buf: entropy
#include <sodium.h>
void fault(void* p) { randombytes_buf(p, 16); }
