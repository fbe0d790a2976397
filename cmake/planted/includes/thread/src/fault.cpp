// layer: 1
// expect: forbidden include <thread>
#include <thread>
