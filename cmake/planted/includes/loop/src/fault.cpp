// layer: 1
// expect: forbidden include <uv.h>
#include <uv.h>
