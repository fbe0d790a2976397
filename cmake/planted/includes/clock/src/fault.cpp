// layer: 0
// expect: forbidden include <chrono>
#include <chrono>
