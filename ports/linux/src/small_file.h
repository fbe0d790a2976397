// Small files that must never be half there, nor be read by others: keys and what belongs to them.
//
// All are made with mode 0600 whatever the umask, complete before they have their name, and on the
// disk before a call returns. What was read is the caller's to wipe.
#pragma once

#include <string>
#include <tl/expected.hpp>

#include "mehr/core/bytes.h"
#include "mehr/core/random.h"

namespace mehr::linux_port {

/// What is wrong with a file that was to be read: 0 and a sentence, or an errno.
struct FileTrouble {
  int error = 0;
  std::string what;
};

/// Makes @p path, which must not be there: 0, EEXIST, or the errno of the step that failed.
int make_file(const std::string& path, ByteView content, Random& random);
/// Makes @p path or takes its place, whole or not at all: 0 or an errno.
int replace_file(const std::string& path, ByteView content, Random& random);
/// Reads a regular file, that nobody but its owner may read, of 1 to out.size() bytes; how many it
/// has. A symbolic link is refused.
tl::expected<std::size_t, FileTrouble> read_private_file(const std::string& path, MutableBytes out);
/// Renames without taking anybody's place: 0, EEXIST or an errno.
int move_file(const std::string& from, const std::string& to);
/// Renames, and takes the place of what is there, whole or not at all: 0 or an errno.
int take_place(const std::string& from, const std::string& to);
/// Overwrites and removes: for a secret that has found another home. 0 or an errno.
int erase_file(const std::string& path);

}  // namespace mehr::linux_port
