// layer: 1
// expect: not a header of this layer
#include "../../clock/src/fault.cpp"
