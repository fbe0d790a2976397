#include "mehr/linux/tcp.h"
#include "mehr/stack/node.h"

mehr::Mtu largest_frame() { return mehr::stack::NodeConfig{}.max_frame_size; }
