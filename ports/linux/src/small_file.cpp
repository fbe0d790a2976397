#include "small_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "descriptor.h"

namespace mehr::linux_port {
namespace {

bool read_all(int fd, MutableBytes out) {
  while (!out.empty()) {
    const ssize_t n = ::read(fd, out.data(), out.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    out = out.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

bool write_all(int fd, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return true;
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

void sync_directory_of(const std::string& path) {
  const Descriptor directory(
      ::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.is_open()) ::fsync(directory.get());
}

// 0, or the errno of the step that failed. EEXIST: somebody else was first.
int give_new_name(const std::string& temporary, const std::string& path) {
  if (::link(temporary.c_str(), path.c_str()) == 0) {
    ::unlink(temporary.c_str());
    return 0;
  }
  if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS) return errno;
  // A file system without hard links.
  return move_file(temporary, path);
}

int take_name(const std::string& temporary, const std::string& path) {
  return ::rename(temporary.c_str(), path.c_str()) == 0 ? 0 : errno;
}

int store(const std::string& path, ByteView content, Random& random,
          int (*give_name)(const std::string&, const std::string&)) {
  const std::string temporary = fmt::format("{}.{:016x}", path, random.draw<std::uint64_t>());
  const Descriptor file(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return errno == EEXIST ? EAGAIN : errno;
  int error = 0;
  if (::fchmod(file.get(), 0600) != 0 || !write_all(file.get(), content) ||
      ::fsync(file.get()) != 0) {
    error = errno != 0 ? errno : EIO;
  }
  if (error == 0) error = give_name(temporary, path);
  if (error != 0) {
    ::unlink(temporary.c_str());
    return error;
  }
  sync_directory_of(path);
  return 0;
}

tl::unexpected<FileTrouble> trouble(int error, std::string what = {}) {
  return tl::unexpected(FileTrouble{error, std::move(what)});
}

}  // namespace

int make_file(const std::string& path, ByteView content, Random& random) {
  return store(path, content, random, &give_new_name);
}

int replace_file(const std::string& path, ByteView content, Random& random) {
  return store(path, content, random, &take_name);
}

tl::expected<std::size_t, FileTrouble> read_private_file(const std::string& path,
                                                         MutableBytes out) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.is_open()) return trouble(errno);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return trouble(errno);
  if (!S_ISREG(info.st_mode)) return trouble(0, "it is not a regular file");
  if ((info.st_mode & 077) != 0) {
    return trouble(0, fmt::format("it is readable by others; run chmod 600 {}", path));
  }
  if (info.st_size <= 0 || static_cast<std::uint64_t>(info.st_size) > out.size()) {
    return trouble(0, fmt::format("it has {} bytes", info.st_size));
  }
  const auto size = static_cast<std::size_t>(info.st_size);
  if (!read_all(file.get(), out.first(size))) return trouble(errno != 0 ? errno : EIO);
  return size;
}

int move_file(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) != 0) {
    return errno;
  }
  sync_directory_of(to);
  return 0;
}

int take_place(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return errno;
  sync_directory_of(to);
  return 0;
}

int erase_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.is_open()) return errno;
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return errno;
  static constexpr std::array<std::uint8_t, 256> kZeros{};
  auto left = static_cast<std::size_t>(std::max<off_t>(info.st_size, 0));
  while (left > 0) {
    const std::size_t n = std::min(left, kZeros.size());
    if (!write_all(file.get(), ByteView(kZeros).first(n))) return errno;
    left -= n;
  }
  if (::fsync(file.get()) != 0 || ::unlink(path.c_str()) != 0) return errno;
  sync_directory_of(path);
  return 0;
}

}  // namespace mehr::linux_port
