// expect: std::thread::_M_start_thread
#include <thread>
void fault() { std::thread([] {}).detach(); }
