// The directory that holds what a node keeps: identity, state, received files.
//
// Place: ports/linux. Errors: one sentence for people. Threads: any.
#pragma once

#include <string>

#include "mehr/linux/log.h"

namespace mehr::linux_port {

/// Makes @p path and missing parents (mode 0700 for those it makes) and checks that files can be
/// made in it.
OrMessage<void> prepare_data_dir(const std::string& path);

}  // namespace mehr::linux_port
