// expect: std::chrono::_V2::steady_clock::now(): clock
#include <chrono>
long fault() { return std::chrono::steady_clock::now().time_since_epoch().count(); }
