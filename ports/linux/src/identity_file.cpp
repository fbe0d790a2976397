#include "mehr/linux/identity_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "mehr/core/crypto.h"
#include "small_file.h"

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

// Nothing when there is no such file.
OrMessage<std::optional<crypto::Seed>> load(const std::string& path) {
  Image image;
  const auto size = read_private_file(path, image.expose_mutable());
  if (!size) {
    if (size.error().error == ENOENT) return std::optional<crypto::Seed>{};
    if (size.error().error != 0) return cannot("read", path, size.error().error);
    if (size.error().what.find("chmod") != std::string::npos) {
      return tl::unexpected(fmt::format("identity file {} {}", path, size.error().what.substr(3)));
    }
    return damaged(path, size.error().what);
  }
  if (*size != kFileSize) {
    return damaged(path, fmt::format("it has {} bytes instead of {}", *size, kFileSize));
  }
  if (!same_bytes(image.expose().first(kSeedAt), as_bytes(kMagic))) {
    return damaged(path, "it does not begin with MEHRSEED");
  }
  if (!same_bytes(image.expose().subspan(kCheckAt), check_of(image).view().first(4))) {
    return damaged(path, "its check bytes do not match");
  }
  return std::optional(crypto::Seed::copy_of(image.expose().subspan<kSeedAt, 32>()));
}

// 0 once the file is on the disk under its name, EEXIST if there is one already, else the reason.
int store(const std::string& path, const crypto::Seed& seed, Random& random) {
  Image image;
  MutableBytes rest = copy_bytes(as_bytes(kMagic), image.expose_mutable());
  rest = copy_bytes(seed.expose(), rest);
  copy_bytes(check_of(image).view().first(4), rest);

  return make_file(path, image.expose(), random);
}

}  // namespace

OrMessage<std::optional<crypto::Seed>> load_plain_seed(const std::string& path) {
  return load(path);
}

OrMessage<void> erase_plain_seed(const std::string& path) {
  if (const int error = erase_file(path); error != 0) return cannot("remove", path, error);
  return {};
}

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
