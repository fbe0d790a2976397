#include "file_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "mehr/common/text.h"
#include "mehr/linux/data_dir.h"

namespace mehr::daemon {
namespace {

using transfer::FileReader;
using transfer::FileWriter;

constexpr std::string_view kPartial = ".part";
constexpr std::uint64_t kReserve = 64ULL << 20;  // bytes left free for everything else
constexpr std::uint64_t kHandOver = 8ULL << 20;  // written bytes that go to the disk at once
constexpr int kMostNames = 9'999;

/// A file descriptor that closes itself.
class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

 private:
  int fd_;
};

Status read_all(int fd, std::uint64_t offset, MutableBytes out) {
  while (!out.empty()) {
    const ssize_t n = ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(Errc::io, "the file cannot be read; the disk reported an error");
    if (n == 0) return fail(Errc::io, "the file became shorter while it was being sent");
    out = out.subspan(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
  }
  return {};
}

class Reader final : public FileReader {
 public:
  Reader(File file, std::uint64_t size) : file_(std::move(file)), size_(size) {}
  [[nodiscard]] std::uint64_t size() const override { return size_; }
  Status read_at(std::uint64_t offset, MutableBytes out) override {
    return read_all(file_.get(), offset, out);
  }

 private:
  File file_;
  std::uint64_t size_;
};

Error why_unreadable(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return {Errc::not_found, "there is no such file"};
    case EACCES:
    case EPERM:
      return {Errc::denied, "the daemon may not read this file; check its permissions"};
    case ELOOP:
      return {Errc::bad_value, "the path goes round in symbolic links"};
    default:
      return {Errc::io, "the file cannot be opened"};
  }
}

// "name.tar.gz", 2 -> "name (2).tar.gz"; a leading dot is part of the name.
std::string numbered(const std::string& name, int number) {
  if (number == 1) return name;
  const std::size_t dot = name.find('.', 1);
  const std::string stem = name.substr(0, dot);
  const std::string rest = dot == std::string::npos ? "" : name.substr(dot);
  const std::string mark = fmt::format(" ({})", number);
  // A name takes 255 bytes at most; the stem gives way, at a character's first byte.
  std::size_t keep = stem.size();
  const std::size_t others = std::min<std::size_t>(rest.size() + mark.size(), 250);
  if (keep + others > 255) keep = 255 - others;
  while (keep > 0 && keep < stem.size() &&
         (static_cast<unsigned char>(stem[keep]) & 0xC0) == 0x80) {
    --keep;
  }
  return stem.substr(0, keep) + mark + rest;
}

std::uint64_t unix_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

// What a former run left half received.
void remove_partial_files(const std::string& directory) {
  DIR* const dir = ::opendir(directory.c_str());
  if (dir == nullptr) return;
  while (const dirent* entry = ::readdir(dir)) {
    const std::string_view name = entry->d_name;
    if (name.ends_with(kPartial)) ::unlinkat(::dirfd(dir), entry->d_name, 0);
  }
  ::closedir(dir);
}

void sync_directory(const std::string& path) {
  const File directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.is_open()) ::fsync(directory.get());
}

// 0, or errno; EEXIST when @p to is there already.
int rename_new(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // A file system without that call.
  if (::link(from.c_str(), to.c_str()) != 0) return errno;
  ::unlink(from.c_str());
  return 0;
}

bool same_file_system(const std::string& a, const std::string& b) {
  struct stat sa {};
  struct stat sb {};
  return ::stat(a.c_str(), &sa) == 0 && ::stat(b.c_str(), &sb) == 0 && sa.st_dev == sb.st_dev;
}

}  // namespace

class DiskFileStore::Writer final : public FileWriter {
 public:
  Writer(DiskFileStore& store, File file, std::string partial, ReceivedFile what)
      : store_(store),
        file_(std::move(file)),
        partial_(std::move(partial)),
        what_(std::move(what)),
        missing_(what_.size) {
    store_.promised_ += missing_;
  }
  ~Writer() override { discard(); }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  Status write_at(std::uint64_t offset, ByteView bytes) override;
  Status read_at(std::uint64_t offset, MutableBytes out) override {
    return read_all(file_.get(), offset, out);
  }
  Result<std::string> commit(const ContentHash& hash) override;
  void abort() override { discard(); }

 private:
  void discard() {
    came(missing_);
    if (!partial_.empty()) ::unlink(partial_.c_str());
    partial_.clear();
  }
  /// @p bytes of those promised are written, or will not come.
  void came(std::uint64_t bytes) {
    bytes = std::min(bytes, missing_);
    missing_ -= bytes;
    store_.promised_ -= bytes;
  }

  DiskFileStore& store_;
  File file_;
  std::string partial_;  // empty once the file has its name or is gone
  ReceivedFile what_;
  std::uint64_t missing_;  // part of the store's promise
  std::uint64_t unsynced_ = 0;
};

Status DiskFileStore::Writer::write_at(std::uint64_t offset, ByteView bytes) {
  unsynced_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == ENOSPC) return fail(Errc::io, "the disk is full");
    if (n <= 0) return fail(Errc::io, "the received file cannot be written");
    bytes = bytes.subspan(static_cast<std::size_t>(n));
    offset += static_cast<std::uint64_t>(n);
    came(static_cast<std::uint64_t>(n));
  }
  if (unsynced_ >= kHandOver) {
    // Starts writing without waiting for it.
    ::sync_file_range(file_.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
    unsynced_ = 0;
  }
  return {};
}

Result<std::string> DiskFileStore::Writer::commit(const ContentHash& hash) {
  if (::fsync(file_.get()) != 0) return fail(Errc::io, "the received file did not reach the disk");
  for (int number = 1; number <= kMostNames; ++number) {
    const std::string path = store_.inbox_ + "/" + numbered(what_.name, number);
    const int error = rename_new(partial_, path);
    if (error == EEXIST) continue;
    if (error != 0) return fail(Errc::io, "the received file cannot be put into the inbox");
    partial_.clear();
    sync_directory(store_.inbox_);
    what_.path = path;
    what_.hash = hash;
    what_.received_ms = unix_ms();
    if (store_.received_) store_.received_(what_);
    return path;
  }
  return fail(Errc::full, "the inbox holds too many files of that name");
}

linux_port::OrMessage<std::unique_ptr<DiskFileStore>> DiskFileStore::open(
    const std::string& data_dir, const std::string& inbox, const std::string& tag, Random& random) {
  if (auto made = linux_port::prepare_data_dir(inbox); !made) {
    return tl::unexpected("inbox: " + made.error());
  }
  const bool near = same_file_system(data_dir, inbox);
  const std::string staging = near ? data_dir + "/incoming" : inbox + "/.incoming-" + tag;
  if (auto made = linux_port::prepare_data_dir(staging); !made) {
    return tl::unexpected("incoming files: " + made.error());
  }
  remove_partial_files(staging);
  return std::unique_ptr<DiskFileStore>(new DiskFileStore(inbox, staging, random));
}

Result<std::unique_ptr<FileReader>> DiskFileStore::open(std::string_view token) {
  const std::string path(token);
  if (path.empty() || path.front() != '/') {
    return fail(Errc::bad_value, "the path of a file to send must begin with /");
  }
  // O_NONBLOCK: a named pipe must not hold up the loop before it is refused.
  File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!file.is_open()) return tl::unexpected<Error>(why_unreadable(errno));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return fail(Errc::io, "the file cannot be opened");
  if (S_ISDIR(info.st_mode)) {
    return fail(Errc::bad_value, "this is a directory; send an archive of it");
  }
  if (!S_ISREG(info.st_mode)) return fail(Errc::bad_value, "only regular files can be sent");
  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  return std::make_unique<Reader>(std::move(file), static_cast<std::uint64_t>(info.st_size));
}

Result<std::unique_ptr<FileWriter>> DiskFileStore::create(const NodeId& sender,
                                                          std::string_view name,
                                                          std::uint64_t size) {
  struct statvfs disk {};
  if (::statvfs(staging_.c_str(), &disk) == 0) {
    const std::uint64_t free = static_cast<std::uint64_t>(disk.f_bavail) * disk.f_frsize;
    // What the files under way still lack is spoken for; sums would overflow, differences cannot.
    const std::uint64_t spoken_for = kReserve + promised_;
    if (free < spoken_for || free - spoken_for < size) {
      return fail(Errc::full, "the disk has no room for this file");
    }
  }
  std::array<std::uint8_t, 8> chance{};
  random_.fill(chance);
  std::string partial = staging_ + "/" + common::to_hex(chance) + std::string(kPartial);
  File file(::open(partial.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.is_open()) return fail(Errc::io, "the file to receive into cannot be made");
  ReceivedFile what;
  what.from = sender;
  what.name = std::string(name);
  what.size = size;
  return std::make_unique<Writer>(*this, std::move(file), std::move(partial), std::move(what));
}

}  // namespace mehr::daemon
