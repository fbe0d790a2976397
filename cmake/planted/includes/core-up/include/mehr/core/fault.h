// layer: 0
// expect: mehr/core knows no layer
#include "mehr/l0/link.h"
