// expect: RAND_bytes: entropy
#include <openssl/rand.h>
int fault(unsigned char* p) { return RAND_bytes(p, 16); }
