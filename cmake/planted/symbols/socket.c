// expect: socket: socket
#include <sys/socket.h>
int fault(void) { return socket(AF_INET, SOCK_STREAM, 0); }
