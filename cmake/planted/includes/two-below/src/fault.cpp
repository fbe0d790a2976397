// layer: 2
// expect: forbidden include "mehr/l0/link.h"
#include <mehr/l0/link.h>
