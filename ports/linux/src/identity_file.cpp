#include "mehr/linux/identity_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "descriptor.h"
#include "mehr/core/crypto.h"

namespace mehr::linux_port {
namespace {

constexpr std::string_view kMagic = "MEHRSEED";
constexpr std::size_t kSeedAt = 8;
constexpr std::size_t kCheckAt = kSeedAt + crypto::Seed::kSize;
constexpr std::size_t kFileSize = kCheckAt + 4;
using Image = Secret<kFileSize>;

tl::unexpected<std::string> cannot(std::string_view what, const std::string& path, int error) {
  return tl::unexpected(
      fmt::format("cannot {} identity file {}: {}", what, path, std::strerror(error)));
}

tl::unexpected<std::string> damaged(const std::string& path, std::string_view why) {
  return tl::unexpected(
      fmt::format("identity file {} is damaged ({}); restore it from a backup, or move it away to "
                  "start with a new identity",
                  path, why));
}

Hash256 check_of(const Image& image) { return crypto::b2(image.expose().first(kCheckAt)); }

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

// Nothing when there is no such file.
OrMessage<std::optional<crypto::Seed>> load(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file.is_open()) {
    if (errno == ENOENT) return std::optional<crypto::Seed>{};
    return cannot("read", path, errno);
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return cannot("read", path, errno);
  if (!S_ISREG(info.st_mode)) return damaged(path, "it is not a regular file");
  if ((info.st_mode & 077) != 0) {
    return tl::unexpected(
        fmt::format("identity file {} is readable by others; run chmod 600 {}", path, path));
  }
  if (info.st_size != static_cast<off_t>(kFileSize)) {
    return damaged(path, fmt::format("it has {} bytes instead of {}", info.st_size, kFileSize));
  }
  Image image;
  if (!read_all(file.get(), image.expose_mutable())) return cannot("read", path, errno);
  if (!same_bytes(image.expose().first(kSeedAt), as_bytes(kMagic))) {
    return damaged(path, "it does not begin with MEHRSEED");
  }
  if (!same_bytes(image.expose().subspan(kCheckAt), check_of(image).view().first(4))) {
    return damaged(path, "its check bytes do not match");
  }
  return std::optional(crypto::Seed::copy_of(image.expose().subspan<kSeedAt, 32>()));
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// 0, or the errno of the step that failed. EEXIST: somebody else was first.
int give_name(const std::string& temporary, const std::string& path) {
  if (::link(temporary.c_str(), path.c_str()) == 0) {
    ::unlink(temporary.c_str());
    return 0;
  }
  if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS) return errno;
  // A file system without hard links.
  return ::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0
             ? 0
             : errno;
}

// 0 once the file is on the disk under its name, EEXIST if there is one already, else the reason.
int store(const std::string& path, const crypto::Seed& seed, Random& random) {
  Image image;
  MutableBytes rest = copy_bytes(as_bytes(kMagic), image.expose_mutable());
  rest = copy_bytes(seed.expose(), rest);
  copy_bytes(check_of(image).view().first(4), rest);

  const std::string temporary = fmt::format("{}.{:016x}", path, random.draw<std::uint64_t>());
  const Descriptor file(
      ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return errno == EEXIST ? EAGAIN : errno;
  int error = 0;
  if (::fchmod(file.get(), 0600) != 0 || !write_all(file.get(), image.expose()) ||
      ::fsync(file.get()) != 0) {
    error = errno != 0 ? errno : EIO;
  }
  if (error == 0) error = give_name(temporary, path);
  if (error != 0) {
    ::unlink(temporary.c_str());
    return error;
  }
  const Descriptor directory(
      ::open(directory_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.is_open()) ::fsync(directory.get());
  return 0;
}

}  // namespace

OrMessage<LoadedIdentity> load_or_create_identity(const std::string& path, Random& random) {
  auto there = load(path);
  if (!there) return tl::unexpected(there.error());
  bool created = false;
  if (!there->has_value()) {
    crypto::Seed seed;
    random.fill(seed.expose_mutable());
    const int error = store(path, seed, random);
    if (error != 0 && error != EEXIST) return cannot("write", path, error);
    created = error == 0;
    there = load(path);  // what is on the disk decides, whoever wrote it
    if (!there) return tl::unexpected(there.error());
    if (!there->has_value()) return cannot("read", path, ENOENT);
  }
  return LoadedIdentity{l0::Identity::from_seed(**there), created};
}

}  // namespace mehr::linux_port
