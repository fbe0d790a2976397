// layer: 1
// expect: names no header
#include HEADER_NAME
