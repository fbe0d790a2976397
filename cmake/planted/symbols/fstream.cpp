// expect: std::basic_
#include <fstream>
bool fault() { return std::ifstream{"/etc/hostname"}.good(); }
