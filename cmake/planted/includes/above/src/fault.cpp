// layer: 1
// expect: forbidden include "mehr/l2/envelope.h"
#include "mehr/l2/envelope.h"
