// layer: 1
// expect: forbidden include <sodium.h>
#include <sodium.h>
