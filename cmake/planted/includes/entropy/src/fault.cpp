// layer: 2
// expect: forbidden include <random>
#include <random>
