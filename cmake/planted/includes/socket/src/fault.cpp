// layer: 0
// expect: forbidden include <sys/socket.h>
#include <sys/socket.h>
